import type { Delivered, Fate } from '../inspect/fate.ts';
import type { Trip } from './situation.ts';
import { ruleAt } from './step.ts';

/** Whether a new connection gets to an endpoint: always, in part of all cases, never; or it cannot be told. */
export type Verdict = 'through' | 'partly' | 'blocked' | 'unknown';

export function verdictOf(trip: Trip): Verdict {
  const good = trip.fates.filter((fate) => arrives(trip, fate));
  if (good.length === trip.fates.length) return 'through';
  if (good.length > 0) return 'partly';
  return trip.fates.some(({ outcome }) => outcome.kind === 'unknown') ? 'unknown' : 'blocked';
}

function arrives(trip: Trip, fate: Fate): boolean {
  const { outcome } = fate;
  if (outcome.kind !== 'delivered') return false;
  if (!outcome.dnat) return isHealthCheck(trip, outcome);
  return !isForeignDnat(trip, fate) && !isStale(trip, outcome);
}

/** The service proxy itself answers, and the rules let the question in. */
export function isHealthCheck({ situation, packet }: Trip, { via, port }: Delivered): boolean {
  if (via === 'forward' || packet.protocol !== 'tcp' || port !== packet.destinationPort) return false;
  return (
    situation.facts.localAddresses.has(packet.destination) &&
    situation.wanted?.claims.isHealthCheckPort(port) === true
  );
}

/** Rules send it to an address that is no endpoint of the service, or no longer. */
export function isStale({ situation, claims }: Trip, { dnat, address, port }: Delivered): boolean {
  if (!dnat || situation.rulesAre === 'made' || claims.length === 0) return false;
  return !claims.some(({ route }) =>
    route.endpoints.reachable.some((endpoint) => endpoint.address === address && endpoint.port === port),
  );
}

/** A rule that is not the service proxy's has sent it elsewhere. */
export function isForeignDnat({ situation }: Trip, { path }: Fate): boolean {
  const last = path.findLast((place) => {
    const kind = ruleAt(situation.program, place)?.target?.kind;
    return kind === 'dnat' || kind === 'dnatAddress';
  });
  return last !== undefined && !isOurChain(last.chain);
}

export function isOurChain(chain: string): boolean {
  return chain.startsWith('KUBE-');
}
