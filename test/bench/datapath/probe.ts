import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import type { Family } from '../../../src/net/address.ts';
import type { CaseName, Destination } from './cases.ts';
import { ENDPOINT_PORT, type Transport } from './cluster.ts';
import { inside } from './network.ts';

/** What became of a batch of first packets. */
export interface Batch {
  /** How many were refused before the call that sent them had returned: their time is that of all of it. */
  readonly refused: number;
  /** Refused afterwards. */
  readonly late: number;
  readonly accepted: number;
  readonly silent: number;
  /** Nanoseconds for each packet, in the order of sending. */
  readonly times: readonly number[];
}

export interface BatchOrder {
  readonly name: CaseName;
  readonly transport: Transport;
  readonly count: number;
  /** Milliseconds to wait for an answer that did not come at once. */
  readonly wait: number;
}

/** A process in a client's namespace that sends first packets when told. */
export interface Probe {
  readonly send: (order: BatchOrder) => Promise<Batch>;
  readonly end: () => Promise<void>;
}

export interface ProbeOptions {
  readonly machine: string;
  readonly family: Family;
  readonly destinations: readonly {
    readonly name: CaseName;
    readonly transport: Transport;
    readonly destinations: readonly Destination[];
  }[];
}

/** Everybody who works leaves the last processor to the packets. */
const PROCESSOR = cpus().length - 1;

export function startProbe({ machine, family, destinations }: ProbeOptions): Probe {
  // The bench's own /run, which goes with it.
  const list = join('/run', machine);
  const lines = destinations.flatMap(({ name, transport, destinations: places }) =>
    places.map(({ address, port }) => `${keyOf(name, transport)} ${address} ${port}\n`),
  );
  writeFileSync(list, lines.join(''));
  const pinned = ['taskset', '-c', String(PROCESSOR), 'perl', scriptPath('probe.pl')];
  const process = script(machine, [...pinned, digit(family), list]);
  return {
    async send({ name, transport, count, wait }) {
      const answer = process.line();
      process.stdin.write(`${keyOf(name, transport)} ${transport} ${count} ${wait}\n`);
      const [refused = NaN, late = NaN, accepted = NaN, silent = NaN, ...times] = (await answer)
        .split(' ')
        .map(Number);
      return { refused, late, accepted, silent, times };
    },
    end: process.end,
  };
}

/** Has every address of a machine accept what comes to the endpoints' port, until it is ended. */
export async function startListener(
  machine: string,
  family: Family,
): Promise<{ readonly end: () => Promise<void> }> {
  const process = script(machine, ['perl', scriptPath('listen.pl'), digit(family), String(ENDPOINT_PORT)]);
  await process.line();
  return process;
}

function keyOf(name: CaseName, transport: Transport): string {
  return `${name}/${transport}`;
}

function digit(family: Family): string {
  return family === 'ipv4' ? '4' : '6';
}

function scriptPath(name: string): string {
  return join(import.meta.dirname, name);
}

interface Script {
  readonly stdin: Writable;
  /** The next line that it prints. */
  readonly line: () => Promise<string>;
  readonly end: () => Promise<void>;
}

function script(machine: string, command: readonly string[]): Script {
  const [file, ...args] = inside(machine);
  const child = spawn(file, [...args, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const early = ended.then((): never => {
    throw new Error(`${command.join(' ')} ended before it had answered`);
  });
  // Nobody may be waiting when it ends as it should.
  early.catch(() => undefined);
  const lines = createInterface({ input: child.stdout });
  const nextLine = (): Promise<string> => new Promise((resolve) => lines.once('line', resolve));
  return {
    stdin: child.stdin,
    line: () => Promise.race([nextLine(), early]),
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
