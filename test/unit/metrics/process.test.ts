import { expect, test } from 'vitest';
import { processFamilies, readProcessTexts } from '../../../src/metrics/process.ts';

const TEXTS = {
  stat: '4242 (a (very) odd name) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 11 0 1234 734003200 24000 1844',
  limits: [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max open files            20000                20000                files     ',
    'Max address space         unlimited            unlimited            bytes     ',
  ].join('\n'),
  netstat:
    'TcpExt: A B\nTcpExt: 1 2\nIpExt: InNoRoutes InOctets OutOctets InMcastOctets\nIpExt: 7 1000 2000 9\n',
  system: 'cpu  1 2 3\nbtime 1700000000\nprocesses 5\n',
  openFiles: 17,
  residentMemory: 98_304_000,
};

const valuesIn = (texts: typeof TEXTS | ReturnType<typeof readProcessTexts>) =>
  Object.fromEntries(processFamilies(texts).map(({ name, samples }) => [name, samples[0]?.value]));

test('what /proc says becomes metrics in the usual units', () => {
  expect(valuesIn(TEXTS)).toEqual({
    process_cpu_seconds_total: 2,
    process_max_fds: 20_000,
    process_network_receive_bytes_total: 1000,
    process_network_transmit_bytes_total: 2000,
    process_open_fds: 17,
    process_resident_memory_bytes: 98_304_000,
    process_start_time_seconds: 1_700_000_012.34,
    process_virtual_memory_bytes: 734_003_200,
    process_virtual_memory_max_bytes: 2 ** 64,
  });
});

test('what /proc hides is left out', () => {
  const hidden = {
    stat: undefined,
    limits: undefined,
    netstat: undefined,
    system: undefined,
    openFiles: undefined,
  };
  expect(valuesIn({ ...hidden, residentMemory: 1 })).toEqual({ process_resident_memory_bytes: 1 });
});

test('this process has them all, and did not start in the future', () => {
  const values = valuesIn(readProcessTexts());
  expect(Object.keys(values)).toHaveLength(9);
  expect(values.process_start_time_seconds).toBeCloseTo(performance.timeOrigin / 1000, -1);
});
