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
import type { SyncReport } from '../reconciler/observer.ts';
import { pause, startRunner } from '../reconciler/runner.ts';
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
/** Milliseconds between two looks, at least: a large cluster brings its services in many syncs. */
const PACE = 1_000;

export interface NodePortWatch {
  /** After each sync: node ports that are new are looked at at once. */
  readonly afterSync: (report: SyncReport) => void;
  /** What the last look found. */
  readonly taken: () => readonly TakenNodePort[];
  readonly done: Promise<void>;
}

/**
 * Looks for sockets of the host that listen on node ports, whose traffic the services take without a
 * word, and for node ports that the kernel may give to outgoing connections.
 */
export function watchNodePorts(options: NodePortWatchOptions, signal: AbortSignal): NodePortWatch {
  let told: ReadonlySet<string> = new Set();
  let taken: readonly TakenNodePort[] = [];
  const run = async (): Promise<void> => {
    try {
      const found = await look(options, told);
      ({ told, taken } = found);
    } catch (error) {
      options.log.warn({ error: String(error) }, 'looking for taken node ports failed');
    }
  };
  const runner = startRunner({ run, minInterval: PACE, retry: { first: PACE, most: PACE } }, signal);
  const lookNowAndThen = async (): Promise<void> => {
    while (!signal.aborted) {
      await pause(INTERVAL, signal);
      runner.request();
    }
  };
  return {
    afterSync: (report) => {
      if (hasNewNodePort(report)) runner.request();
    },
    taken: () => taken,
    done: Promise.all([runner.done, lookNowAndThen()]).then(() => undefined),
  };
}

function hasNewNodePort({ before, after }: Pick<SyncReport, 'before' | 'after'>): boolean {
  const keyOf = ({ protocol, nodePort }: Route): string => `${protocol} ${String(nodePort)}`;
  const known = new Set(before.map(keyOf));
  return after.some((route) => route.nodePort !== undefined && !known.has(keyOf(route)));
}

interface Look {
  /** What is so now: what was so before is not told again, until it has been otherwise. */
  readonly told: ReadonlySet<string>;
  readonly taken: readonly TakenNodePort[];
}

async function look(options: NodePortWatchOptions, told: ReadonlySet<string>): Promise<Look> {
  const { metrics, log, postEvent } = options;
  // They can be gone through but once.
  const all = options.routes().map(({ view, routes }) => ({ view, routes: [...routes] }));
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
  const current = new Set<string>();
  const tell = (note: string, reason: string): void => {
    current.add(note);
    if (told.has(note)) return;
    log.warn(note);
    postEvent({ type: 'Warning', reason, action: 'Listen', note });
  };
  for (const note of new Set(taken.map((each: TakenNodePort) => describeTaken(each))))
    tell(note, 'NodePortTaken');
  const ephemeral = await readEphemeralPorts();
  const conflict =
    ephemeral &&
    ephemeralRangeConflicts(
      all.flatMap(({ routes }) => routes),
      ephemeral,
    );
  if (conflict === undefined) return { told: current, taken };
  const listed = conflict.ports.slice(0, 5).join(', ') + (conflict.ports.length > 5 ? ' and more' : '');
  tell(
    `node ports ${listed} may also be given to outgoing connections, which then break; reserve them: sysctl -w ${conflict.sysctl}`,
    'NodePortEphemeral',
  );
  return { told: current, taken };
}
