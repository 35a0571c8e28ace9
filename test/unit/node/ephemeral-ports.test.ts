import { describe, expect, it } from 'vitest';
import { ephemeralRangeConflicts, readEphemeralPorts } from '../../../src/node/ephemeral-ports.ts';
import { formatPortRanges, parsePortRanges } from '../../../src/node/port-ranges.ts';
import { fakeRoot } from './fake-root.ts';

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
const RESERVED = '/proc/sys/net/ipv4/ip_local_reserved_ports';
const nodePorts = (...ports: readonly number[]) =>
  ports.map((nodePort) => ({ nodePort, healthCheckNodePort: undefined }));

describe('port ranges', () => {
  it.each([
    ['', ''],
    ['\n', ''],
    ['8080,9148', '8080,9148'],
    ['30002,30000-30001,30001,30010', '30000-30002,30010'],
    ['banana,1-2-3,5', '5'],
  ])('%j are %j', (text, expected) => {
    expect(formatPortRanges(parsePortRanges(text))).toBe(expected);
  });
});

describe('node ports in the ephemeral range', () => {
  it('are mended by reserving them, and what is reserved already stays so', async () => {
    await using fake = await fakeRoot({ [RANGE]: '30000\t60999\n', [RESERVED]: '30001,40000\n' });
    const ephemeral = await readEphemeralPorts(fake.root);
    if (ephemeral === undefined) throw new Error('not read');
    const routes = [
      ...nodePorts(30_002, 30_000, 30_001, 30_000, 1_080),
      { nodePort: undefined, healthCheckNodePort: 31_000 },
    ];
    expect(ephemeralRangeConflicts(routes, ephemeral)).toEqual({
      ports: [30_000, 30_002, 31_000],
      sysctl: 'net.ipv4.ip_local_reserved_ports=30000-30002,31000,40000',
    });
  });

  it('are none with the defaults of the kernel and of Kubernetes', async () => {
    await using fake = await fakeRoot({ [RANGE]: '32768\t60999\n', [RESERVED]: '\n' });
    const ephemeral = await readEphemeralPorts(fake.root);
    if (ephemeral === undefined) throw new Error('not read');
    expect(ephemeralRangeConflicts(nodePorts(30_000, 32_767), ephemeral)).toBeUndefined();
  });

  it('are not looked for where the kernel does not tell', async () => {
    await using fake = await fakeRoot();
    expect(await readEphemeralPorts(fake.root)).toBeUndefined();
  });
});
