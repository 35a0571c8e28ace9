import type { BaseChainName } from '../chains/rule.ts';
import { tested, type TestedAddress } from './address-test.ts';
import { traitsKey, type Branch } from './branch.ts';
import { isLocal, type NodeFacts } from './facts.ts';
import type { Outcome } from './fate.ts';
import { add } from './fraction.ts';
import type { Header } from './header.ts';
import type { Packet } from './packet.ts';
import type { Program, ProgramChain, ProgramTable } from './program.ts';
import type { WalkLimit } from './walk-limit.ts';
import { walk, type Ending } from './walk.ts';

/** One packet's way through the node. */
export interface Journey {
  readonly program: Program;
  readonly packet: Packet;
  readonly facts: NodeFacts;
  readonly source: TestedAddress;
  /** Takes the ways that have come to an end. */
  readonly losses: Loss[];
  readonly limit: WalkLimit;
}

/** A branch between two tables, with what they have made of it. */
export interface Leg {
  readonly branch: Branch;
  readonly destination: TestedAddress;
  readonly port: number;
  readonly dnat: boolean;
  readonly masqueraded: boolean;
  readonly accepted: boolean;
}

export interface Loss {
  readonly branch: Branch;
  readonly outcome: Exclude<Outcome, { kind: 'delivered' }>;
}

/** A point at which the kernel asks its rules. */
export interface Hook {
  readonly name: BaseChainName;
  /** Empty for what the node sends; undefined where nobody knows. */
  readonly inInterface: string | undefined;
  /** Whether the nat table has a part in it. */
  readonly nat: boolean;
}

/** By the priorities of netfilter. */
const TABLE_ORDER: Readonly<Record<BaseChainName, readonly string[]>> = {
  PREROUTING: ['raw', 'mangle', 'nat'],
  INPUT: ['mangle', 'filter', 'security', 'nat'],
  FORWARD: ['mangle', 'filter', 'security'],
  OUTPUT: ['raw', 'mangle', 'nat', 'filter', 'security'],
  POSTROUTING: ['mangle', 'nat'],
};

/** @returns what comes out on the other side */
export function throughHook(journey: Journey, hook: Hook, legs: readonly Leg[]): readonly Leg[] {
  let here = legs;
  for (const name of TABLE_ORDER[hook.name]) {
    if (name === 'nat' && !hook.nat) continue;
    const table = journey.program.tables.get(name);
    const base = table?.chains.get(hook.name);
    if (table === undefined || base === undefined) continue;
    here = mergedLegs(here.flatMap((leg) => throughTable(journey, hook, table, base, leg)));
  }
  return here;
}

function throughTable(
  journey: Journey,
  hook: Hook,
  table: ProgramTable,
  base: ProgramChain,
  leg: Leg,
): readonly Leg[] {
  const header = headerAt(journey, hook, leg);
  const onwards: Leg[] = [];
  for (const ending of walk(table, base, header, leg.branch, journey.limit)) {
    const next = afterTable(ending, table.name, leg);
    if ('outcome' in next) journey.losses.push(next);
    else onwards.push(next);
  }
  return onwards;
}

function afterTable(ending: Ending, table: string, leg: Leg): Leg | Loss {
  const { branch } = ending;
  switch (ending.kind) {
    case 'passed':
      return { ...leg, branch, accepted: table === 'filter' ? ending.accepted : leg.accepted };
    case 'masqueraded':
      return { ...leg, branch, masqueraded: true };
    case 'dnat':
      return {
        ...leg,
        branch,
        dnat: true,
        destination: tested(ending.address),
        port: ending.port ?? leg.port,
      };
    case 'dropped':
    case 'rejected':
      return { branch, outcome: { kind: ending.kind, by: ending.by } };
    case 'unknown':
      return { branch, outcome: { kind: 'unknown', by: ending.by, part: ending.part } };
  }
}

function headerAt({ packet, facts, source }: Journey, { name, inInterface }: Hook, leg: Leg): Header {
  const { destination, port, dnat, masqueraded } = leg;
  const { state = 'NEW' } = packet;
  return {
    protocol: packet.protocol,
    source: masqueraded ? undefined : source,
    sourcePort: masqueraded ? undefined : packet.sourcePort,
    destination,
    destinationPort: port,
    inInterface,
    outInterface: outInterfaceAt(name, destination, facts),
    bridged: packet.bridgePort !== undefined,
    states: dnat ? [state, 'DNAT'] : [state],
    facts,
  };
}

function outInterfaceAt(
  hook: BaseChainName,
  { address }: TestedAddress,
  facts: NodeFacts,
): string | undefined {
  if (hook === 'PREROUTING' || hook === 'INPUT') return '';
  return isLocal(facts, address) ? 'lo' : facts.outInterface?.(address);
}

/** Legs that nothing tells apart any more are one. */
function mergedLegs(legs: readonly Leg[]): readonly Leg[] {
  if (legs.length < 2) return legs;
  const byKey = new Map<string, Leg>();
  for (const leg of legs) {
    const { destination, port, dnat, masqueraded, accepted, branch } = leg;
    const key = `${destination.address} ${port} ${dnat} ${masqueraded} ${accepted} ${traitsKey(branch)}`;
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? leg : joined(before, leg));
  }
  return [...byKey.values()];
}

function joined(one: Leg, other: Leg): Leg {
  const probability = add(one.branch.probability, other.branch.probability);
  return { ...one, branch: { ...one.branch, probability } };
}
