import { borderOf } from '../inspect/check/neighbours.ts';
import { isLocalPod } from '../inspect/check/promise.ts';
import { commonSources, nodeSource, type Source } from '../inspect/check/sources.ts';
import { fatesOf } from '../inspect/evaluate.ts';
import { isLocal, type NodeFacts } from '../inspect/facts.ts';
import type { Fate } from '../inspect/fate.ts';
import { add, type Fraction } from '../inspect/fraction.ts';
import type { InspectedRule } from '../inspect/inspected-rule.ts';
import { localPodsIn } from '../inspect/local-pods.ts';
import type { Program } from '../inspect/program.ts';
import { isLoopback, joinHostPort, type Address, type Cidr } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import { dispatchEntries, type DispatchEntry } from './dispatch-entries.ts';
import type { EntryMeaning, FamilyMeaning, Otherwise, Way, Who } from './meaning.ts';
import { nodePortScopeIn, sourceRangesIn } from './node-in-rules.ts';
import { shareText } from './share-text.ts';

/** The rules of one family, and what is known of the node that has them. */
export interface RulesOnNode {
  readonly program: Program;
  readonly view: NodeView;
  readonly facts: NodeFacts;
  /** Who owns which entry, by key, where the cluster tells: rules without comments do not. */
  readonly owners: ReadonlyMap<string, Pick<DispatchEntry, 'service' | 'kind'>>;
}

/** What rules mean, found by sending packets through them. */
export function meaningOf(rules: RulesOnNode): FamilyMeaning {
  const { program, owners } = rules;
  const entries = new Map<string, EntryMeaning>();
  const nodePorts = nodePortScopeIn(program);
  for (const [key, entry] of dispatchEntries(program)) {
    const known = { ...entry, ...owners.get(key) };
    entries.set(key, entryMeaning(known, entryAddress(known, nodePorts, rules), rules));
  }
  return { family: program.family, entries, nodePorts, localPods: localPodsIn(program) };
}

/** A node port is asked for at an address that it answers on. */
function entryAddress(
  entry: DispatchEntry,
  nodePorts: FamilyMeaning['nodePorts'],
  { view, facts }: RulesOnNode,
): Address {
  if (entry.address !== undefined) return entry.address;
  if (nodePorts.kind === 'anyLocalAddress') return commonSources(view, facts).node?.address ?? view.address;
  return (
    nodePorts.addresses.find((address) => !isLoopback(address)) ?? nodePorts.addresses[0] ?? view.address
  );
}

function entryMeaning(entry: DispatchEntry, address: Address, rules: RulesOnNode): EntryMeaning {
  const { program, view, facts } = rules;
  const { kind, protocol, port, service } = entry;
  const ask = ({ address: source, inInterface }: Pick<Source, 'address' | 'inInterface'>): readonly Fate[] =>
    fatesOf(
      program,
      { family: program.family, protocol, source, destination: address, destinationPort: port, inInterface },
      facts,
    );
  const sources = commonSources(view, facts);
  const stranger = ask(sources.outside);
  const sourceRanges = sourceRangesIn(rulesMet(program, stranger, /^KUBE-FW-/), entry.address);
  const inside = sourceRanges.length === 0 ? undefined : insider(sourceRanges, view, facts);
  const fates: Partial<Record<Who, readonly Fate[]>> = {
    outside: inside === undefined ? stranger : ask({ ...sources.outside, address: inside }),
    pod: ask(podOf(sources.others) ?? sources.outside),
    node: ask(sources.node ?? nodeSource(facts.localAddresses.values().next().value ?? view.address)),
    ...(inside === undefined ? {} : { stranger }),
  };
  const all = Object.values(fates).flat();
  return {
    kind,
    family: program.family,
    protocol,
    address: entry.address,
    port,
    service,
    ways: Object.fromEntries(Object.entries(fates).map(([who, found]) => [who, wayOf(found)])),
    sourceRanges,
    affinitySeconds: affinityIn(rulesMet(program, all, /^KUBE-/)),
    reachesItself: someEndpoints(all).every((endpoint) => {
      const isOwn = isLocal(facts, endpoint);
      const found = ask({ address: endpoint, inInterface: isOwn ? undefined : sources.podInterface });
      // What the node sends to itself has its own address on both ways.
      return isOwn || found.every(({ outcome }) => isAnswered(outcome, endpoint));
    }),
  };
}

function podOf(others: readonly Source[]): Source | undefined {
  return others.find(({ who }) => who === 'a local pod' || who === 'a pod');
}

/** Someone whom a source range lets in, and who is neither a pod nor the node. */
function insider(ranges: readonly Cidr[], view: NodeView, facts: NodeFacts): Address | undefined {
  const candidates = ranges.flatMap((range) => borderOf(range).inside);
  const isClient = (address: Address): boolean =>
    !isLocal(facts, address) && !isLocalPod(view, { address, inInterface: 'eth0' });
  return candidates.find(isClient) ?? candidates[0];
}

function isAnswered(outcome: Fate['outcome'], self: Address): boolean {
  return outcome.kind !== 'delivered' || !outcome.dnat || outcome.address !== self || outcome.masqueraded;
}

/** As many as are asked whether they reach themselves: each deals out all the others. */
const MOST_ASKED = 2;

function someEndpoints(fates: readonly Fate[]): readonly Address[] {
  const found = new Set<Address>();
  for (const { outcome } of fates) {
    if (outcome.kind === 'delivered' && outcome.dnat) found.add(outcome.address);
    if (found.size === MOST_ASKED) break;
  }
  return [...found];
}

/** All rules of the chains that packets went through, by the names of these. */
function rulesMet(program: Program, fates: readonly Fate[], names: RegExp): readonly InspectedRule[] {
  const chains = new Set<string>();
  const found: InspectedRule[] = [];
  const visit = (table: string, chain: string): void => {
    if (chains.has(`${table} ${chain}`) || !names.test(chain)) return;
    chains.add(`${table} ${chain}`);
    for (const { rule } of program.tables.get(table)?.chains.get(chain)?.rules ?? []) found.push(rule);
  };
  for (const { path } of fates) {
    for (const { table, chain, rule } of path) {
      visit(table, chain);
      const met =
        rule === 'policy' ? undefined : program.tables.get(table)?.chains.get(chain)?.rules[rule - 1];
      if (met?.rule.target?.kind === 'jump') visit(table, met.rule.target.chain);
    }
  }
  return found;
}

function affinityIn(rules: readonly InspectedRule[]): number | undefined {
  for (const { matches } of rules) {
    for (const match of matches) if (match.kind === 'recentlySeen') return match.seconds;
  }
  return undefined;
}

/** Fates as one way: by endpoints, and by what else becomes of the rest. */
function wayOf(fates: readonly Fate[]): Way {
  const endpoints = new Map<string, Fraction>();
  const otherwise = new Map<string, Omit<Otherwise, 'share'> & { readonly probability: Fraction }>();
  const masquerades = new Set<boolean>();
  for (const { outcome, probability } of fates) {
    if (outcome.kind === 'delivered' && outcome.dnat) {
      const to = joinHostPort(outcome.address, outcome.port);
      endpoints.set(to, plus(endpoints.get(to), probability));
      masquerades.add(outcome.masqueraded);
      continue;
    }
    const other = otherFate(outcome);
    const key = `${other.fate} ${other.part}`;
    otherwise.set(key, { ...other, probability: plus(otherwise.get(key)?.probability, probability) });
  }
  return {
    endpoints: [...endpoints]
      .map(([to, probability]) => ({ to, share: shareText(probability) }))
      .sort((a, b) => (a.to < b.to ? -1 : 1)),
    masquerade: masquerades.size === 2 ? 'some' : masquerades.has(true) ? 'all' : 'none',
    otherwise: [...otherwise.keys()].sort().flatMap((key): readonly Otherwise[] => {
      const found = otherwise.get(key);
      if (found === undefined) return [];
      return [{ fate: found.fate, share: shareText(found.probability), part: found.part }];
    }),
  };
}

function plus(one: Fraction | undefined, other: Fraction): Fraction {
  return one === undefined ? other : add(one, other);
}

function otherFate(outcome: Fate['outcome']): Omit<Otherwise, 'share'> {
  switch (outcome.kind) {
    case 'delivered':
      return { fate: 'leftAlone', part: '' };
    case 'dropped':
      return { fate: 'dropped', part: '' };
    case 'rejected':
      return { fate: 'refused', part: '' };
    case 'unknown':
      return { fate: 'unknown', part: outcome.part };
  }
}
