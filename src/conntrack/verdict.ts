import { joinHostPort } from '../net/address.ts';
import type { Entry } from './entry.ts';
import type { Frontend } from './frontends.ts';
import type { Subject } from './subjects.ts';

/** Why an entry has to go. */
export type StaleReason =
  /** UDP, and it leads to nobody who serves. */
  | 'notServing'
  /** TCP, and its endpoint is gone. */
  | 'gone'
  /** The cluster IP leads only to this node's endpoints now, and this one is on another node. */
  | 'forbidden'
  /** The client's address is hidden from the endpoint, which policy Local forbids. */
  | 'masqueraded'
  /** The client is spread over several endpoints, or not bound to the one it has. */
  | 'affinity';

export type Verdict =
  | StaleReason
  /** It stays, but its neighbours may have to go: it must not be swept away with them. */
  | 'kept'
  /** It goes where its client's other entries go, once they are all known. */
  | 'perhapsSpread'
  /** No reason of ours could apply to it or its like. */
  | 'untouched';

/**
 * Judges one entry by itself.
 *
 * @param frontends whom it was addressed to, see `frontendsOf`
 * @param ownAddresses those on the node's interfaces
 */
export function verdictOn(
  entry: Entry,
  frontends: readonly Frontend<Subject>[],
  ownAddresses: ReadonlySet<string>,
): Verdict {
  if (frontends.length === 0) return 'untouched';
  if (entry.protocol === 'udp' && servedByNobody(entry, frontends)) return 'notServing';
  let verdict: Verdict = 'untouched';
  for (const frontend of frontends) {
    const next = subjectVerdict(entry, frontend, ownAddresses);
    if (next === 'untouched') continue;
    if (next !== 'kept') return next;
    verdict = next;
  }
  return verdict;
}

/** `address:port` of who answers. */
export function endpointText({ reply }: Entry): string {
  return joinHostPort(reply.source, reply.sourcePort ?? 0);
}

/**
 * Entries that lead nowhere else than to the service's own address were made before anybody served it.
 * Where two services claim one address, the endpoints of both will do.
 */
function servedByNobody(entry: Entry, frontends: readonly Frontend<Subject>[]): boolean {
  const endpoint = endpointText(entry);
  const served = frontends.flatMap(({ subject }) => subject.serving ?? []);
  return served.length > 0 && !served.some((serving) => serving.has(endpoint));
}

function subjectVerdict(
  entry: Entry,
  { kind, subject }: Frontend<Subject>,
  ownAddresses: ReadonlySet<string>,
): Verdict {
  const lost = goneVerdict(entry, subject);
  if (lost !== 'untouched') return lost;
  if (subject.policy === undefined) return 'untouched';
  const { tightening, endpoints } = subject.policy;
  const endpoint = endpoints.get(endpointText(entry));
  if (endpoint === undefined) return 'kept';
  const { original, reply } = entry;
  if (kind === 'clusterIP' && tightening.internal && !endpoint.local) return 'forbidden';
  // The node itself reaches every endpoint under either policy, and is masqueraded under either.
  if (kind !== 'clusterIP' && tightening.external && !ownAddresses.has(original.source)) {
    // An endpoint that came to itself has to be masqueraded, or it would not answer.
    const cameToItself = endpoint.local && original.source === endpoint.address;
    if (reply.destination !== original.source && !cameToItself) return 'masqueraded';
  }
  if (!tightening.affinity) return 'kept';
  // A UDP flow may last for ever, and loses nothing by being dealt out anew. A TCP connection would be
  // cut, which only a client that is spread already has to suffer.
  return entry.protocol === 'udp' ? 'affinity' : 'perhapsSpread';
}

/** Connections that are being closed are left to end well. */
const OPEN_STATES: ReadonlySet<string> = new Set(['SYN_SENT', 'SYN_RECV', 'ESTABLISHED']);

function goneVerdict(entry: Entry, { existing }: Subject): Verdict {
  if (existing === undefined || existing.has(endpointText(entry)) || !isTranslated(entry)) return 'untouched';
  return entry.state !== undefined && OPEN_STATES.has(entry.state) ? 'gone' : 'kept';
}

/** What was not sent elsewhere by a rule is no connection through a service of ours. */
function isTranslated({ original, reply }: Entry): boolean {
  return original.destination !== reply.source || original.destinationPort !== reply.sourcePort;
}
