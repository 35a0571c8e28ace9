import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Family } from '../../src/net/address.ts';
import { CLUSTER_CIDRS, SERVICE_CIDRS, type BenchCluster } from './cluster-objects.ts';
import { command } from './own-node.ts';
import { randomNumbers, type Changes } from './soak-changes.ts';

/* A client on the node, and all endpoints that there may be. */

const CLIENTS = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const;
const ANY = { ipv4: '0.0.0.0', ipv6: '::' } as const;
const POD_PORT = 8080;
/** Milliseconds after which a connection has failed. */
const PATIENCE = 5_000;
const SEED = 7;

export interface ClientTally {
  asked: number;
  answered: number;
  /** How often what went wrong, with services that had a ready endpoint all the while. */
  readonly failures: Record<string, number>;
  /** Connections that came to an endpoint long after it was to get no more. */
  astray: number;
}

/** Every address of a pod answers on the node itself, whether there is a pod or not. */
export function prepareTraffic(family: Family): void {
  const ip = (...args: readonly string[]) =>
    command('ip', family === 'ipv4' ? '-4' : '-6', ...args, 'dev', 'lo');
  ip('address', 'add', CLIENTS[family]);
  ip('route', 'add', 'local', CLUSTER_CIDRS[family]);
  ip('route', 'add', SERVICE_CIDRS[family], 'src', CLIENTS[family]);
}

export interface ClientOptions {
  readonly family: Family;
  readonly cluster: BenchCluster;
  readonly changes: Changes;
  readonly services: number;
  /** New connections a second. */
  readonly rate: number;
  /** Milliseconds that a change may take to be obeyed. */
  readonly mostLag: number;
}

/** Asks until the signal aborts. */
export async function runClient(
  { family, cluster, changes, services, rate, mostLag }: ClientOptions,
  tally: ClientTally,
  signal: AbortSignal,
): Promise<void> {
  const server = createServer((socket) => {
    const state = changes.states.get(socket.localAddress ?? '');
    const isAstray = state?.wanted !== true && performance.now() - (state?.at ?? 0) > mostLag;
    if (isAstray) tally.astray += 1;
    socket.on('error', () => socket.destroy());
    socket.end('!');
  });
  await new Promise<void>((resolve) => server.listen(POD_PORT, ANY[family], resolve));
  const random = randomNumbers(SEED);
  const begin = performance.now();
  let due = 0;
  const open = new Set<Promise<void>>();
  while (!signal.aborted) {
    for (; due < ((performance.now() - begin) / 1000) * rate; due += 1) {
      const index = random(services);
      const endpoint = changes.steady(index, mostLag);
      if (endpoint === undefined) continue;
      const asking = ask(index, endpoint).finally(() => open.delete(asking));
      open.add(asking);
    }
    await sleep(5);
  }
  // A server that closes resets what it has not accepted yet.
  await Promise.all(open);
  server.close();

  async function ask(index: number, endpoint: string): Promise<void> {
    tally.asked += 1;
    const failure = await failureOf(cluster.clusterAddress(index));
    if (failure === undefined) tally.answered += 1;
    // A service whose last endpoint went meanwhile may refuse.
    else if (changes.states.get(endpoint)?.wanted === true)
      tally.failures[failure] = (tally.failures[failure] ?? 0) + 1;
  }
}

/** undefined where it was answered. */
function failureOf(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 80 });
    const end = (failure: string | undefined): void => {
      clearTimeout(timer);
      // By a reset, so that no port waits to be used again.
      socket.resetAndDestroy();
      resolve(failure);
    };
    const timer = setTimeout(() => end('no answer'), PATIENCE);
    socket.on('data', () => end(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.on('close', () => end('closed'));
  });
}
