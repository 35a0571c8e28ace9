import { tested } from './address-test.ts';
import { pathOf } from './branch.ts';
import { isLocal, type NodeFacts } from './facts.ts';
import { add, ONE } from './fraction.ts';
import type { Fate, Outcome } from './fate.ts';
import { throughHook, type Journey, type Leg, type Loss } from './hooks.ts';
import type { Packet } from './packet.ts';
import type { Program } from './program.ts';
import { walkLimit } from './walk-limit.ts';

/**
 * What becomes of a packet, with exact probabilities, which add up to 1. Equal outcomes are one fate.
 *
 * The rules are met in netfilter's order: from outside PREROUTING, then INPUT or, where the destination
 * is not the node's own by then, FORWARD and POSTROUTING; from the node OUTPUT and POSTROUTING, and where
 * it speaks to itself, PREROUTING and INPUT as well, of which the nat table has no part. Routes, reverse
 * path filters and all else that may lose a packet without a rule are not looked at.
 *
 * @throws TypeError where packet and rules are not of one family
 * @throws TooManyWaysError where there is no end of ways through the rules
 */
export function fatesOf(program: Program, packet: Packet, facts: NodeFacts): readonly Fate[] {
  if (packet.family !== program.family) {
    throw new TypeError(`expected a packet of ${program.family}, got one of ${packet.family}`);
  }
  const journey: Journey = {
    program,
    packet,
    facts,
    source: tested(packet.source),
    losses: [],
    limit: walkLimit(),
  };
  const start: Leg = {
    branch: { probability: ONE, mark: packet.mark ?? 0, seen: undefined, path: undefined },
    destination: tested(packet.destination),
    port: packet.destinationPort,
    dnat: packet.dnat ?? false,
    masqueraded: false,
    accepted: false,
  };
  const arrivals = packet.inInterface === undefined ? fromNode(journey, start) : fromOutside(journey, start);
  return fates([...arrivals, ...journey.losses]);
}

interface Arrival {
  readonly leg: Leg;
  readonly via: 'input' | 'forward' | 'output';
}

function fromOutside(journey: Journey, start: Leg): readonly Arrival[] {
  const { packet, facts } = journey;
  const from = packet.inInterface ?? '';
  const nat = isNew(packet);
  const routed = throughHook(journey, { name: 'PREROUTING', inInterface: from, nat }, [start]);
  const isOwn = ({ destination }: Leg): boolean => isLocal(facts, destination.address);
  const input = throughHook(journey, { name: 'INPUT', inInterface: from, nat }, routed.filter(isOwn));
  const forward = throughHook(
    journey,
    { name: 'FORWARD', inInterface: from, nat },
    routed.filter((leg) => !isOwn(leg)),
  );
  // Whether rules of POSTROUTING see the interface that a packet came by depends on the kernel's age.
  const out = throughHook(journey, { name: 'POSTROUTING', inInterface: undefined, nat }, forward);
  return [
    ...input.map((leg): Arrival => ({ leg, via: 'input' })),
    ...out.map((leg): Arrival => ({ leg, via: 'forward' })),
  ];
}

function fromNode(journey: Journey, start: Leg): readonly Arrival[] {
  const { packet, facts } = journey;
  const nat = isNew(packet);
  const sent = throughHook(journey, { name: 'OUTPUT', inInterface: '', nat }, [start]);
  const out = throughHook(journey, { name: 'POSTROUTING', inInterface: '', nat }, sent);
  const isOwn = ({ destination }: Leg): boolean => isLocal(facts, destination.address);
  // Connection tracking knows the packet from its way out, so that its addresses are settled.
  const loopback = { inInterface: 'lo', nat: false };
  const returning = throughHook(journey, { name: 'PREROUTING', ...loopback }, out.filter(isOwn));
  const input = throughHook(journey, { name: 'INPUT', ...loopback }, returning);
  const legs = [...out.filter((leg) => !isOwn(leg)), ...input];
  return legs.map((leg) => ({ leg, via: 'output' }));
}

function isNew({ state = 'NEW' }: Packet): boolean {
  return state === 'NEW';
}

function fates(ends: readonly (Arrival | Loss)[]): readonly Fate[] {
  const byOutcome = new Map<string, Fate>();
  for (const end of ends) {
    const { branch } = 'leg' in end ? end.leg : end;
    const outcome = 'leg' in end ? delivered(end) : end.outcome;
    const key = outcomeKey(outcome);
    const before = byOutcome.get(key);
    byOutcome.set(
      key,
      before === undefined
        ? { probability: branch.probability, outcome, path: pathOf(branch.path) }
        : { ...before, probability: add(before.probability, branch.probability) },
    );
  }
  return [...byOutcome.values()];
}

function delivered({ leg, via }: Arrival): Outcome {
  const { destination, port, dnat, masqueraded, accepted } = leg;
  return { kind: 'delivered', address: destination.address, port, dnat, masqueraded, accepted, via };
}

function outcomeKey(outcome: Outcome): string {
  if (outcome.kind === 'delivered') {
    const { address, port, dnat, masqueraded, accepted, via } = outcome;
    return `${via} ${address} ${port} ${dnat} ${masqueraded} ${accepted}`;
  }
  const { table, chain, rule } = outcome.by;
  return `${outcome.kind} ${table} ${chain} ${rule} ${outcome.kind === 'unknown' ? outcome.part : ''}`;
}
