import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Transport } from './transport.ts';

/** Something worth telling whoever looks at the Node, or at the Service, with `kubectl`. */
export interface NodeEvent {
  readonly type: 'Normal' | 'Warning';
  /** Why, as a word: `Starting`. */
  readonly reason: string;
  /** What was done or tried, as a word: `StartKubeProxy`. */
  readonly action: string;
  /** For people; cut at 1,024 bytes. */
  readonly note: string;
  /** What it is about; the Node without one. */
  readonly service?: { readonly namespace: string; readonly name: string };
}

export type PostEvent = (event: NodeEvent) => void;

export interface PostEventOptions {
  readonly send: Transport;
  readonly nodeName: string;
  readonly log: Pick<Logger, 'debug'>;
  /** Ends what is still under way. */
  readonly signal: AbortSignal;
}

const CONTROLLER = 'chainwright';
/** The API server's own limit. */
const LONGEST_NOTE = 1024;
/** The same event again tells nothing new for so long, in milliseconds. */
const REPEAT_AFTER = 10 * 60_000;
/** So many at once, and one more each time the period, in milliseconds, has passed. */
const BURST = 10;
const PERIOD = 30_000;

/**
 * Events about our Node and what it does for Services, as kube-proxy's recorder makes them. Posting is done in the background, at most a
 * few a minute, and its failures are logged at debug level: an Event must never be in the way of a rule.
 */
export function nodeEvents({ send, nodeName, log, signal }: PostEventOptions): PostEvent {
  const told = new Map<string, number>();
  let tokens = BURST;
  let filledAt = performance.now();

  const mayPost = ({ reason, note }: NodeEvent): boolean => {
    const now = performance.now();
    tokens = Math.min(BURST, tokens + (now - filledAt) / PERIOD);
    filledAt = now;
    for (const [key, at] of told) if (now - at >= REPEAT_AFTER) told.delete(key);
    const key = `${reason} ${note}`;
    if (tokens < 1 || told.has(key)) return false;
    tokens -= 1;
    told.set(key, now);
    return true;
  };

  return (event) => {
    if (signal.aborted || !mayPost(event)) {
      log.debug({ event }, 'an Event was left out');
      return;
    }
    const namespace = event.service?.namespace ?? 'default';
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const body = eventObject(event, nodeName, new Date());
    void send({ method: 'POST', path, body, answerWithin: 10_000, signal }).then(
      // Read to its end, so that the connection can be used again.
      (response) => response.resume(),
      (error: unknown) => log.debug({ event }, `an Event was not taken: ${String(error)}`),
    );
  };
}

/**
 * Nodes have no namespace; their Events live in `default`, and name the Node as its own UID. Those of a Service
 * name none, as kube-proxy's.
 */
function eventObject({ type, reason, action, note, service }: NodeEvent, nodeName: string, now: Date) {
  const nanoseconds = BigInt(now.getTime()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      name: `${service?.name ?? nodeName}.${nanoseconds.toString(16)}`,
      namespace: service?.namespace ?? 'default',
    },
    eventTime: now.toISOString().replace('Z', '000Z'),
    reportingController: CONTROLLER,
    reportingInstance: `${CONTROLLER}-${hostname()}`.slice(0, 128),
    action,
    reason,
    regarding:
      service === undefined
        ? { kind: 'Node', name: nodeName, uid: nodeName }
        : { apiVersion: 'v1', kind: 'Service', ...service },
    note: cut(note),
    type,
  };
}

function cut(note: string): string {
  const bytes = Buffer.from(note, 'utf8');
  if (bytes.length <= LONGEST_NOTE) return note;
  // A character cut in two becomes one that is taken off.
  return `${bytes.toString('utf8', 0, LONGEST_NOTE - 3).replace(/\uFFFD+$/, '')}…`;
}
