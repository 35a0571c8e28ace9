import type { Logger } from 'pino';
import type { Change, Source, SourceListener } from '../source.ts';
import { badObjects } from './bad-objects.ts';
import { faultLog } from './fault-log.ts';
import { intake } from './intake.ts';
import { interner } from './intern.ts';
import { knownObjects } from './known.ts';
import { reflect, type ReflectorOptions } from './reflector.ts';
import { ENDPOINT_SLICES, ownNode, SERVICES, type Resource } from './resource.ts';
import type { ApiTelemetry } from './telemetry.ts';
import { DEFAULT_TIMING, type Timing } from './timing.ts';
import type { Transport } from './transport.ts';

export interface ApiSourceOptions {
  readonly send: Transport;
  /** The node whose Node object is followed. */
  readonly nodeName: string;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  readonly telemetry?: ApiTelemetry;
  readonly timing?: Partial<Timing>;
  /** Bytes of one object beyond which a server is taken to be mad. The API server itself stops far below. */
  readonly longest?: number;
}

const LONGEST_OBJECT = 16 * 1024 * 1024;

/**
 * Follows Services, EndpointSlices and the own Node of an API server, for months and through its faults. It
 * is synced when all three have been listed; until then, and while the server cannot be reached, it only
 * waits and tries again.
 *
 * Changes are told only where a field that we read changed.
 */
export function apiSource(options: ApiSourceOptions): Source {
  return {
    run: async (listener, signal) => {
      // The end of one ends all: a proxy that follows Services but not their endpoints does harm.
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const waiting = new Set<string>();
      const follow = <Model>(resource: Resource<Model>): Promise<void> => {
        waiting.add(resource.name);
        const onListed = (): void => {
          if (waiting.delete(resource.name) && waiting.size === 0) guarded(() => listener.onSynced());
        };
        return reflect(reflectorOptions(options, resource, listener, onListed), either);
      };
      try {
        await Promise.all([follow(SERVICES), follow(ENDPOINT_SLICES), follow(ownNode(options.nodeName))]);
      } finally {
        stop.abort();
      }
    },
  };
}

function reflectorOptions<Model>(
  { send, log, telemetry = {}, timing = {}, longest = LONGEST_OBJECT }: ApiSourceOptions,
  resource: Resource<Model>,
  listener: SourceListener,
  onListed: () => void,
): ReflectorOptions<Model> {
  const known = knownObjects(resource);
  const faults = faultLog(log, resource.name);
  return {
    send,
    resource,
    known,
    intake: intake({
      resource,
      known,
      badObjects: badObjects(log),
      intern: interner(),
      onBadObject: (key, problems) => telemetry.onBadObject?.(resource.name, key, problems),
    }),
    timing: { ...DEFAULT_TIMING, ...timing },
    longest,
    onChanges: (changes: readonly Change[]) => guarded(() => listener.onChanges(changes)),
    onListed,
    onStep: ({ kind }) => telemetry.onStep?.(resource.name, kind),
    onEvents: (count) => {
      faults.progress();
      telemetry.onEvents?.(resource.name, count, Date.now());
    },
    onFault: (fault, pause) => {
      faults.fault(fault, pause);
      telemetry.onFault?.(resource.name, fault);
    },
  };
}

/** An error of the listener is none of the connection, whatever it looks like. */
function guarded(action: () => void): void {
  try {
    action();
  } catch (cause) {
    throw new Error('a change of the cluster could not be taken in', { cause });
  }
}
