import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { ephemeralRangeConflicts, readEphemeralPorts } from '../node/ephemeral-ports.ts';
import { listeners } from '../node/listeners.ts';
import {
  answeringAddresses,
  describeTaken,
  takenNodePorts,
  type TakenNodePort,
} from '../node/taken-node-ports.ts';
import { pause } from '../reconciler/runner.ts';
import type { Address } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';

export interface NodePortWatchOptions {
  /** The routes that are in the kernel, with the view they were made for, by family. */
  readonly routes: () => readonly { readonly view: NodeView; readonly routes: Iterable<Route> }[];
  readonly interfaceAddresses: () => readonly Address[];
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly postEvent: PostEvent;
}

/** Milliseconds: a socket that a process opens later is found within this time. */
const INTERVAL = 60_000;

/**
 * Looks for sockets of the host that listen on node ports, whose traffic the services take without a
 * word, and for node ports that the kernel may give to outgoing connections.
 */
export async function watchNodePorts(options: NodePortWatchOptions, signal: AbortSignal): Promise<void> {
  const told = new Set<string>();
  for (;;) {
    await pause(INTERVAL, signal);
    if (signal.aborted) return;
    try {
      await look(options, told);
    } catch (error) {
      options.log.warn({ error: String(error) }, 'looking for taken node ports failed');
    }
  }
}

async function look(options: NodePortWatchOptions, told: Set<string>): Promise<void> {
  const { metrics, log, postEvent } = options;
  const all = options.routes();
  const ports = new Set<number>();
  for (const { routes } of all)
    for (const { nodePort } of routes) if (nodePort !== undefined) ports.add(nodePort);
  const found = await listeners(ports);
  const addresses = options.interfaceAddresses();
  const taken = all.flatMap(({ view, routes }) =>
    takenNodePorts(routes, found, answeringAddresses(view, addresses)),
  );
  for (const protocol of ['tcp', 'udp', 'sctp'] as const) {
    const count = new Set(taken.filter((each) => each.protocol === protocol).map(({ port }) => port)).size;
    metrics.takenNodePorts.set({ protocol }, count);
  }
  const tell = (note: string, reason: string): void => {
    if (told.has(note)) return;
    told.add(note);
    log.warn(note);
    postEvent({ type: 'Warning', reason, action: 'Listen', note });
  };
  for (const note of new Set(taken.map((each: TakenNodePort) => describeTaken(each))))
    tell(note, 'NodePortTaken');
  const ephemeral = await readEphemeralPorts();
  const conflict =
    ephemeral &&
    ephemeralRangeConflicts(
      all.flatMap(({ routes }) => [...routes]),
      ephemeral,
    );
  if (conflict === undefined) return;
  const listed = conflict.ports.slice(0, 5).join(', ') + (conflict.ports.length > 5 ? ' and more' : '');
  tell(
    `node ports ${listed} may also be given to outgoing connections, which then break; reserve them: sysctl -w ${conflict.sysctl}`,
    'NodePortEphemeral',
  );
}
