import { dealingOf } from '../../inspect/check/promise.ts';
import { joinHostPort } from '../../net/address.ts';
import { isLocal } from '../../inspect/facts.ts';
import { textAt } from '../../inspect/program.ts';
import { cause, type Finding } from '../finding.ts';
import { listed, portText } from '../listing.ts';
import type { Trip } from '../situation.ts';
import { isStale } from '../verdict.ts';

const RESTART = 'look at the service proxy of this node: does it run, and what does it log?';

/** The rules send packets to who is no endpoint of the service any more. */
export function staleEndpoints(trip: Trip): readonly Finding[] {
  const gone = trip.fates.flatMap(({ outcome }) =>
    outcome.kind === 'delivered' && isStale(trip, outcome)
      ? [joinHostPort(outcome.address, outcome.port)]
      : [],
  );
  if (gone.length === 0) return [];
  const text = `the rules send it to ${listed(gone)}, which the service does not have for an endpoint now: the rules are stale`;
  return [cause('staleEndpoint', text, RESTART)];
}

/** The cluster would have it sent to an endpoint, and the rules that were found do not. */
export function staleRules(trip: Trip): readonly Finding[] {
  const { situation, claims, fates, packet } = trip;
  if (situation.rulesAre === 'made' || !isWantedToArrive(trip)) return [];
  const [service = ''] = claims.map(({ route }) => route.label);
  const [outcome] = fates.map((fate) => fate.outcome);
  if (situation.program.tables.get('nat')?.chains.has('KUBE-SERVICES') !== true) {
    return [cause('proxyNotRunning', 'there are no rules of a service proxy at all', RESTART)];
  }
  if (outcome?.kind === 'dropped' || outcome?.kind === 'rejected') {
    const text = `the rules turn it away, though ${service} has endpoints for it: ${textAt(situation.program, outcome.by)}`;
    return [cause('rulesStale', text, RESTART)];
  }
  const what = portText(packet.destinationPort, packet.protocol);
  const text = `no rule takes ${what} at ${packet.destination}, though ${service} has endpoints for it: the rules of the service are missing`;
  return [cause('rulesMissing', text, RESTART)];
}

function isWantedToArrive({ claims, asker, situation: { view, facts } }: Trip): boolean {
  const { address, inInterface } = asker;
  const who = { address, inInterface, isLocal: isLocal(facts, address) };
  return claims.some(({ route, kind }) => dealingOf(route, kind, who, view) !== undefined);
}
