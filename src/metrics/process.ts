import { readdirSync, readFileSync } from 'node:fs';
import type { MetricFamily } from './family.ts';

/** What the kernel says of this process, as texts. Any may be missing where /proc is hidden. */
export interface ProcessTexts {
  /** /proc/self/stat */
  readonly stat: string | undefined;
  /** /proc/self/limits */
  readonly limits: string | undefined;
  /** /proc/self/net/netstat: of the network namespace, thus of all processes that share it. */
  readonly netstat: string | undefined;
  /** /proc/stat */
  readonly system: string | undefined;
  /** Entries of /proc/self/fd. */
  readonly openFiles: number | undefined;
  /** Bytes. */
  readonly residentMemory: number;
}

export function readProcessTexts(): ProcessTexts {
  return {
    stat: known(() => readFileSync('/proc/self/stat', 'latin1')),
    limits: known(() => readFileSync('/proc/self/limits', 'latin1')),
    netstat: known(() => readFileSync('/proc/self/net/netstat', 'latin1')),
    system: known(() => readFileSync('/proc/stat', 'latin1')),
    openFiles: known(() => readdirSync('/proc/self/fd').length),
    residentMemory: process.memoryUsage.rss(),
  };
}

function known<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The metrics that every process with a Prometheus library has, under their usual names. */
export function processFamilies(texts: ProcessTexts): readonly MetricFamily[] {
  const stat = statFields(texts.stat);
  const network = networkBytes(texts.netstat);
  const limits = texts.limits ?? '';
  const bootTime = numberIn(/^btime (\d+)$/m, texts.system);
  const values = {
    process_cpu_seconds_total: (stat.userTicks + stat.systemTicks) / TICKS_PER_SECOND,
    process_max_fds: limitIn(/^Max open files +(\w+)/m, limits),
    process_network_receive_bytes_total: network.received,
    process_network_transmit_bytes_total: network.sent,
    process_open_fds: texts.openFiles ?? NaN,
    process_resident_memory_bytes: texts.residentMemory,
    process_start_time_seconds: bootTime + stat.startTicks / TICKS_PER_SECOND,
    process_virtual_memory_bytes: stat.virtualMemory,
    process_virtual_memory_max_bytes: limitIn(/^Max address space +(\w+)/m, limits),
  };
  return HEADS.filter(({ name }) => !Number.isNaN(values[name])).map((head) => {
    return { ...head, samples: [{ suffix: '', labels: [], value: values[head.name] }] };
  });
}

const HEADS = [
  { name: 'process_cpu_seconds_total', type: 'counter', help: 'Processor time used, in seconds' },
  { name: 'process_max_fds', type: 'gauge', help: 'How many files may be open' },
  { name: 'process_network_receive_bytes_total', type: 'counter', help: 'Bytes the node received' },
  { name: 'process_network_transmit_bytes_total', type: 'counter', help: 'Bytes the node sent' },
  { name: 'process_open_fds', type: 'gauge', help: 'How many files are open' },
  { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory in use, in bytes' },
  { name: 'process_start_time_seconds', type: 'gauge', help: 'Start, in seconds since 1970' },
  { name: 'process_virtual_memory_bytes', type: 'gauge', help: 'Address space in use, in bytes' },
  {
    name: 'process_virtual_memory_max_bytes',
    type: 'gauge',
    help: 'Largest address space allowed, in bytes',
  },
] as const;

/** USER_HZ, which is 100 on every architecture that Linux still has. */
const TICKS_PER_SECOND = 100;

/** Numbered as in proc(5), after the name in parentheses, which may hold anything. */
function statFields(stat = '') {
  const fields = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
  const field = (number: number) => Number(fields[number - 2] ?? NaN);
  return { userTicks: field(14), systemTicks: field(15), startTicks: field(22), virtualMemory: field(23) };
}

/** A line of names, and below it one of values. */
function networkBytes(netstat = '') {
  const [names = [], values = []] = netstat
    .split('\n')
    .filter((line) => line.startsWith('IpExt: '))
    .map((line) => line.split(' '));
  const value = (name: string) => Number(values[names.indexOf(name)] ?? NaN);
  return { received: value('InOctets'), sent: value('OutOctets') };
}

function limitIn(pattern: RegExp, text: string): number {
  const limit = pattern.exec(text)?.[1];
  if (limit === undefined) return NaN;
  return limit === 'unlimited' ? UNLIMITED : Number(limit);
}

/** As other programs print the largest 64-bit number. */
const UNLIMITED = 2 ** 64;

function numberIn(pattern: RegExp, text = ''): number {
  return Number(pattern.exec(text)?.[1] ?? NaN);
}
