import { compareText } from '../routing/endpoints.ts';
import { changesOf, type Change } from './changes.ts';
import type { EntryMeaning, FamilyMeaning } from './meaning.ts';

/** An address and port that does something else now, or that is in one state only. */
export interface EntryDifference {
  readonly state: 'added' | 'removed' | 'changed';
  readonly before: EntryMeaning | undefined;
  readonly after: EntryMeaning | undefined;
  /** In words too; empty where the entry is in one state only. */
  readonly changes: readonly Change[];
}

export interface ServiceDifference {
  /** `namespace/name`; empty where nothing tells. */
  readonly service: string;
  /** added, removed: the other state has nothing of it. */
  readonly state: 'added' | 'removed' | 'changed';
  readonly entries: readonly EntryDifference[];
}

/** What differs between two states, of all that their rules mean. */
export interface Difference {
  /** Of the node as a whole, in words. */
  readonly node: readonly string[];
  readonly services: readonly ServiceDifference[];
}

export function isSame({ node, services }: Difference): boolean {
  return node.length === 0 && services.length === 0;
}

/** @param after of the same families, in the same order */
export function compareMeanings(
  before: readonly FamilyMeaning[],
  after: readonly FamilyMeaning[],
): Difference {
  const node: string[] = [];
  const differences: EntryDifference[] = [];
  const services = { before: new Set<string>(), after: new Set<string>() };
  for (const [index, old] of before.entries()) {
    const now = after[index];
    if (now === undefined) continue;
    node.push(...nodeChanges(old, now));
    for (const { service } of old.entries.values()) services.before.add(withoutPort(service));
    for (const { service } of now.entries.values()) services.after.add(withoutPort(service));
    differences.push(...entryDifferences(old, now));
  }
  const byService = Map.groupBy(differences, ({ before: old, after: now }) =>
    withoutPort((now?.service ?? '') === '' ? (old?.service ?? '') : (now?.service ?? '')),
  );
  return {
    node,
    services: [...byService]
      .sort(([a], [b]) => compareText(a, b))
      .map(([service, entries]) => ({ service, state: stateOf(service, services), entries })),
  };
}

function withoutPort(service: string): string {
  return service.replace(/:.*$/, '');
}

function stateOf(
  service: string,
  { before, after }: { readonly before: ReadonlySet<string>; readonly after: ReadonlySet<string> },
): ServiceDifference['state'] {
  if (service === '' || before.has(service) === after.has(service)) return 'changed';
  return after.has(service) ? 'added' : 'removed';
}

function entryDifferences(before: FamilyMeaning, after: FamilyMeaning): readonly EntryDifference[] {
  const keys = new Set([...before.entries.keys(), ...after.entries.keys()]);
  const found: EntryDifference[] = [];
  for (const key of keys) {
    const [old, now] = [before.entries.get(key), after.entries.get(key)];
    if (old === undefined) found.push({ state: 'added', before: old, after: now, changes: [] });
    else if (now === undefined) found.push({ state: 'removed', before: old, after: now, changes: [] });
    else {
      const changes = changesOf(old, now);
      if (changes.length > 0) found.push({ state: 'changed', before: old, after: now, changes });
    }
  }
  return found.sort((a, b) => ORDER.indexOf(kindOf(a)) - ORDER.indexOf(kindOf(b)));
}

const ORDER: readonly EntryMeaning['kind'][] = ['clusterIP', 'externalIP', 'loadBalancerIP', 'nodePort'];

function kindOf({ before, after }: EntryDifference): EntryMeaning['kind'] {
  return after?.kind ?? before?.kind ?? 'clusterIP';
}

/** Nothing is said of what one of the states has no rules for. */
function nodeChanges(before: FamilyMeaning, after: FamilyMeaning): readonly string[] {
  const changes: string[] = [];
  const family = before.family === 'ipv4' ? 'IPv4' : 'IPv6';
  const [oldPods, nowPods] = [podWords(before), podWords(after)];
  if (oldPods !== undefined && nowPods !== undefined && oldPods !== nowPods) {
    changes.push(`${family}: pods of this node are told by ${nowPods}, no longer by ${oldPods}`);
  }
  const [oldScope, nowScope] = [scopeWords(before), scopeWords(after)];
  const isProgrammed = before.entries.size > 0 && after.entries.size > 0;
  if (isProgrammed && oldScope !== nowScope) {
    changes.push(`${family}: node ports answer on ${nowScope}, no longer on ${oldScope}`);
  }
  return changes;
}

function podWords({ localPods }: FamilyMeaning): string | undefined {
  switch (localPods.kind) {
    case 'unknown':
      return undefined;
    case 'source':
      return localPods.cidr;
    case 'interface':
      return `the interface ${localPods.name}`;
  }
}

function scopeWords({ nodePorts }: FamilyMeaning): string {
  if (nodePorts.kind === 'anyLocalAddress') {
    return nodePorts.loopback ? 'every address of the node' : 'every address of the node but loopback';
  }
  return nodePorts.addresses.length === 0 ? 'no address' : nodePorts.addresses.join(', ');
}
