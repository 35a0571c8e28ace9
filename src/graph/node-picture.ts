import { assemble } from './assemble.ts';
import { drawChains, type DrawnChain, type Limits } from './cards.ts';
import type { Card, Opening, Row } from './picture.ts';
import type { Picture } from './picture.ts';
import { ruleFacts } from './rule-facts.ts';
import { keyOf, type ChainKey, type RuleGraph } from './rule-graph.ts';
import { chainsBelow } from './service-picture.ts';
import { baseChains, targetKey, type Dispatch, type GraphService } from './services.ts';
import { WHOLE } from './shares.ts';
import { plural } from './words.ts';

/**
 * All rules of a node. Where they are more than the limits allow, a card stands for a service rather than for
 * a chain; where there are too many services for that, a line in a dispatch chain stands for a namespace.
 */
export function nodePicture(graph: RuleGraph, dispatch: Dispatch, node: string, limits: Limits): Picture {
  const services = [...dispatch.services.values()];
  const title = node === '' ? 'All rules' : `All rules of ${node}`;
  const subtitle = `${graph.family}, ${plural(services.length, 'service')}, ${plural(graph.chains.size, 'chain')}`;
  const shared = sharedChains(graph, dispatch);
  const full = new Set([...dispatch.roots.keys(), ...shared.keys()]);
  for (const service of services) {
    if (full.size > limits.mostCards) break;
    for (const key of chainsBelow(graph, service, limits.mostCards + 1)) full.add(key);
  }
  if (full.size <= limits.mostCards) {
    const selection = new Map([...full].map((key) => [key, shared.get(key) ?? 'all'] as const));
    return assemble(title, subtitle, drawChains(graph, dispatch, selection, limits));
  }
  const groups = groupsOf(services, limits);
  return assemble(title, subtitle, groupedChains(graph, dispatch, shared, groups, limits));
}

type Shared = ReadonlyMap<ChainKey, readonly number[] | 'all'>;

/** The kernel's chains with their jumps into Kubernetes' chains, and those that belong to no dispatch. */
function sharedChains(graph: RuleGraph, dispatch: Dispatch): Shared {
  const shared = new Map<ChainKey, number[] | 'all'>();
  for (const chain of baseChains(graph)) {
    const places: number[] = [];
    for (const [index, { text }] of chain.rules.entries()) {
      const facts = ruleFacts(text);
      const target = targetKey(graph, chain, facts);
      if (target === undefined || !facts.target.startsWith('KUBE-')) continue;
      places.push(index);
      if (!dispatch.roots.has(target)) shared.set(target, 'all');
    }
    if (places.length > 0) shared.set(keyOf(chain), places);
  }
  return shared;
}

/** Services that share a line. */
interface Group {
  readonly name: string;
  readonly services: readonly GraphService[];
  readonly opens: Opening | undefined;
}

function groupsOf(services: readonly GraphService[], { mostRows }: Limits): readonly Group[] {
  if (services.length <= mostRows) {
    return services.map((service) => ({
      name: service.name,
      services: [service],
      opens: { kind: 'service', name: service.name },
    }));
  }
  const namespaces = new Map<string, GraphService[]>();
  for (const service of services) {
    const slash = service.name.indexOf('/');
    // An address has slashes too, in front of its protocol.
    const namespace = /^[a-z0-9-]+\//.test(service.name) ? service.name.slice(0, slash) : '';
    const known = namespaces.get(namespace);
    if (known === undefined) namespaces.set(namespace, [service]);
    else known.push(service);
  }
  const groups = [...namespaces].map(([name, members]) => namespaceGroup(name, members));
  groups.sort((a, b) => b.services.length - a.services.length || (a.name < b.name ? -1 : 1));
  if (groups.length <= MOST_NAMESPACES) return groups;
  const rest = groups.slice(MOST_NAMESPACES - 1);
  const others = plural(rest.length, 'other namespace');
  return [
    ...groups.slice(0, MOST_NAMESPACES - 1),
    { name: others, services: rest.flatMap((group) => group.services), opens: undefined },
  ];
}

const MOST_NAMESPACES = 24;

function namespaceGroup(name: string, services: readonly GraphService[]): Group {
  if (name === '') return { name: 'without a name', services, opens: undefined };
  return { name, services, opens: { kind: 'namespace', name } };
}

function groupedChains(
  graph: RuleGraph,
  dispatch: Dispatch,
  shared: Shared,
  groups: readonly Group[],
  limits: Limits,
): readonly DrawnChain[] {
  const selection = new Map(shared);
  const waysByRoot = waysInByRoot(dispatch, groups);
  for (const root of new Set(dispatch.roots.values())) selection.set(root, jumpsToRoots(dispatch, root));
  const hasCards = groups.every(({ services }) => services.length === 1);
  const withGroups = drawChains(graph, dispatch, selection, limits).map((drawn) => {
    const ways = drawn.card.chain === undefined ? undefined : waysByRoot.get(drawn.card.chain);
    return ways === undefined ? drawn : addGroups(drawn, ways, hasCards);
  });
  return hasCards ? [...withGroups, ...groups.map(groupCard)] : withGroups;
}

/** The rules of a root that lead on to another root, such as those to KUBE-NODEPORTS. */
function jumpsToRoots(dispatch: Dispatch, root: ChainKey): readonly number[] {
  const found: number[] = [];
  for (const other of new Set(dispatch.roots.values())) {
    for (const { chain, index } of dispatch.callers.get(other) ?? []) if (chain === root) found.push(index);
  }
  return found.sort((a, b) => a - b);
}

type WaysByRoot = ReadonlyMap<ChainKey, ReadonlyMap<Group, number>>;

function waysInByRoot(dispatch: Dispatch, groups: readonly Group[]): WaysByRoot {
  const ways = new Map<ChainKey, Map<Group, number>>();
  for (const group of groups) {
    for (const { place } of group.services.flatMap(({ frontends }) => frontends)) {
      const root = dispatch.roots.get(place.chain);
      if (root === undefined) continue;
      const counts = ways.get(root) ?? new Map<Group, number>();
      counts.set(group, (counts.get(group) ?? 0) + 1);
      ways.set(root, counts);
    }
  }
  return ways;
}

function addGroups(
  { card, jumps }: DrawnChain,
  ways: ReadonlyMap<Group, number>,
  hasCards: boolean,
): DrawnChain {
  const groupRows = [...ways].map(([group, count]): Row => ({
    words: group.name,
    aside: hasCards && count === 1 ? '' : plural(count, 'rule'),
    tone: 'plain',
    place: undefined,
    opens: group.opens,
  }));
  const groupJumps = hasCards
    ? [...ways.keys()].map((group, row) => ({ row, to: groupId(group), share: WHOLE }))
    : [];
  const after = jumps.map((jump) => ({ ...jump, row: jump.row + groupRows.length }));
  return {
    card: { ...card, rows: [...groupRows, ...card.rows], leftOut: '' },
    jumps: [...groupJumps, ...after],
  };
}

function groupCard(group: Group): DrawnChain {
  const ways = group.services.reduce((sum, { frontends }) => sum + frontends.length, 0);
  const row: Row = {
    words: plural(ways, 'way') + ' in',
    aside: '',
    tone: 'plain',
    place: undefined,
    opens: group.opens,
  };
  const card: Card = {
    id: groupId(group),
    title: group.name,
    subtitle: 'service',
    tone: 'service',
    chain: undefined,
    rows: [row],
    leftOut: '',
  };
  return { card, jumps: [] };
}

function groupId({ name }: Group): ChainKey {
  return `group ${name}` as ChainKey;
}
