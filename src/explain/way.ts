import type { Claim } from '../inspect/check/claims.ts';
import type { Outcome } from '../inspect/fate.ts';
import { serviceKey } from '../routing/routes.ts';
import { diagnose } from './diagnose.ts';
import type { Entry } from './entries.ts';
import { note } from './finding.ts';
import { explainPath, type Branch } from './path.ts';
import type { BranchEntry, StepEntry, WayEntry } from './schema.ts';
import type { Trip } from './situation.ts';
import type { Step } from './step.ts';
import { isGuessed } from './trips.ts';
import { verdictOf } from './verdict.ts';

/** One packet's way with all that is to be said of it. */
export function wayOf(trip: Trip, entry: Entry | undefined): WayEntry {
  const { situation, packet, asker, fates } = trip;
  const [claim] = trip.claims as readonly (Claim | undefined)[];
  const verdict = verdictOf(trip);
  const nodes = nodesOf(trip);
  const { before, branches, after } = explainPath(situation.program, fates);
  const guessed = isGuessed(trip)
    ? [
        note(
          'guessed',
          `rules ask for interfaces, whose names are guessed: ${asker.inInterface ?? 'none'} to come in by, eth0 or pod0 to leave by`,
        ),
      ]
    : [];
  return {
    service: claim?.route.label ?? entry?.service ?? null,
    entry: claim?.kind ?? entry?.kind ?? null,
    protocol: packet.protocol,
    to: { address: packet.destination, port: packet.destinationPort },
    from: { who: asker.who, address: asker.address, interface: asker.inInterface ?? null },
    verdict,
    before: before.map(stepEntry),
    branches: branches.map((branch) => branchEntry(branch, nodes)),
    after: after.map(stepEntry),
    findings: [...diagnose(trip, verdict), ...guessed],
  };
}

function stepEntry({ place: { table, chain, rule }, text, words }: Step): StepEntry {
  return { table, chain, rule: rule === 'policy' ? null : rule, text, words };
}

function branchEntry({ share, outcome, steps }: Branch, nodes: ReadonlyMap<string, string>): BranchEntry {
  const own = steps.map(stepEntry);
  if (outcome.kind !== 'delivered') {
    return {
      share,
      outcome: outcomeName(outcome),
      address: null,
      port: null,
      node: null,
      masqueraded: false,
      steps: own,
    };
  }
  const { address, port, masqueraded } = outcome;
  const node = nodes.get(address) ?? null;
  return { share, outcome: outcomeName(outcome), address, port, node, masqueraded, steps: own };
}

function outcomeName(outcome: Outcome): BranchEntry['outcome'] {
  switch (outcome.kind) {
    case 'delivered':
      return outcome.dnat ? 'endpoint' : 'untouched';
    case 'rejected':
      return 'refused';
    case 'dropped':
    case 'unknown':
      return outcome.kind;
  }
}

/** Of the endpoints of the services that claim the packet. */
function nodesOf({ situation: { wanted }, claims }: Trip): ReadonlyMap<string, string> {
  const services = new Set(
    claims.map(({ route }) => serviceKey({ namespace: route.namespace, name: route.service })),
  );
  const slices = wanted?.cluster.slices ?? [];
  return new Map(
    slices
      .filter(({ namespace, serviceName }) => services.has(serviceKey({ namespace, name: serviceName })))
      .flatMap(({ endpoints }) => endpoints)
      .flatMap(({ address, nodeName }) => (nodeName === undefined ? [] : [[address, nodeName]])),
  );
}
