import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import type { Milliseconds } from '../model/settings.ts';
import { pause } from '../reconciler/runner.ts';

/**
 * A Unix socket without a file: each network namespace has names of its own, and the kernel gives a name free
 * when its holder dies, however that ends. It needs no directory that can be written.
 */
const NAME = '\0chainwright-run';
/** Longer than a pod is given to end. */
const PATIENCE: Milliseconds = 60_000;
/** Any process of the node may connect, and each connection takes one of the files that the tools' pipes need. */
const MOST_WAITING = 16;
/** Until it is tried again where the holder's end was not heard. */
const RETRY: Milliseconds = 1_000;

export interface SoleInstanceOptions {
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly postEvent: PostEvent;
  readonly patience?: Milliseconds;
}

/**
 * Waits until no other instance runs in this network namespace: two with other configurations would undo each
 * other's rules for ever. In a rolling update the old one is about to end, and goes on with its work and its
 * answers to probes until then.
 *
 * One that does not end in time may hang, and any process of the node may hold the name. A node without a
 * service proxy is worse off than one with two, so the wait ends all the same, and that is told.
 *
 * Resolves early when the signal aborts.
 */
export async function soleInstance(
  { log, postEvent, patience = PATIENCE }: SoleInstanceOptions,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + patience;
  let waited = false;
  for (;;) {
    const outcome = await takeName();
    if (outcome === 'ours') {
      if (waited) log.info('the other instance has ended');
      return;
    }
    if (outcome !== 'taken') {
      log.warn({ error: outcome.message }, 'whether another instance runs on this node cannot be told');
      return;
    }
    const left = end - performance.now();
    if (signal.aborted) return;
    if (left <= 0) break;
    const until = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left))]);
    if (!waited)
      log.warn({ seconds: patience / 1000 }, 'another instance runs on this node; waiting for its end');
    // It hung up and lives on, or somebody was faster.
    else await pause(RETRY, until);
    waited = true;
    await holderGone(until);
  }
  const note = 'another instance on this node does not end; this one begins beside it';
  log.error(note);
  postEvent({ type: 'Warning', reason: 'SecondInstance', action: 'StartKubeProxy', note });
}

/** Holds the name as long as this process lives, or tells why not. */
async function takeName(): Promise<'ours' | 'taken' | Error> {
  // Whoever waits for our end stays connected. Nothing of this keeps the process alive.
  const server = createServer((socket) =>
    socket
      .on('error', () => socket.destroy())
      .unref()
      .resume(),
  );
  server.unref();
  server.maxConnections = MOST_WAITING;
  try {
    server.listen(NAME);
    await once(server, 'listening');
    // That one who waits cannot be heard out ends nothing of ours.
    server.on('error', () => undefined);
    return 'ours';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'taken' : (error as Error);
  }
}

async function holderGone(signal: AbortSignal): Promise<void> {
  const socket = connect(NAME);
  try {
    await once(socket, 'connect', { signal });
    socket.resume();
    await once(socket, 'close', { signal });
  } catch {
    // It is gone, or hears nobody.
    await pause(RETRY, signal);
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}
