import { assemble } from './assemble.ts';
import { drawChains, type Limits } from './cards.ts';
import type { Picture } from './picture.ts';
import { ruleFacts } from './rule-facts.ts';
import type { ChainKey, RuleGraph, RulePlace } from './rule-graph.ts';
import { targetKey, type Dispatch, type GraphService } from './services.ts';
import { isSideChain } from './shares.ts';
import { plural } from './words.ts';

/** Everything that a packet for one service meets, from the kernel's own chains to the endpoints. */
export function servicePicture(
  graph: RuleGraph,
  dispatch: Dispatch,
  service: GraphService,
  limits: Limits,
): Picture {
  const selected = new Map<ChainKey, number[] | 'all'>();
  for (const { place } of service.frontends) selectUpwards(dispatch, place, selected);
  const own = chainsBelow(graph, service, limits.mostCards);
  for (const key of own) selected.set(key, 'all');
  const endpoints = endpointsOf(graph, own);
  const ways = plural(service.frontends.length, 'way');
  const subtitle = `${ways} in, ${plural(endpoints, 'endpoint')}`;
  return assemble(service.name, subtitle, drawChains(graph, dispatch, selected, limits));
}

/** One chain that is of no single service: who leads there, and where it leads. */
export function chainPicture(graph: RuleGraph, dispatch: Dispatch, key: ChainKey, limits: Limits): Picture {
  const selected = new Map<ChainKey, number[] | 'all'>();
  for (const place of dispatch.callers.get(key) ?? []) selectUpwards(dispatch, place, selected);
  selected.set(key, 'all');
  const shown = [...targetsOf(graph, key)].filter((target) => !isSideChain(graph, target));
  for (const target of shown.slice(0, limits.mostRows))
    if (!selected.has(target)) selected.set(target, 'all');
  const chain = graph.chains.get(key);
  const subtitle = chain === undefined ? '' : `${chain.table}, ${plural(chain.rules.length, 'rule')}`;
  return assemble(chain?.name ?? '', subtitle, drawChains(graph, dispatch, selected, limits), key);
}

/** Selects a rule and all that lead to it. */
function selectUpwards(
  dispatch: Dispatch,
  { chain, index }: RulePlace,
  selected: Map<ChainKey, number[] | 'all'>,
): void {
  const indices = selected.get(chain);
  if (indices === 'all' || indices?.includes(index) === true) return;
  if (indices !== undefined) {
    indices.push(index);
    indices.sort((a, b) => a - b);
    return;
  }
  selected.set(chain, [index]);
  for (const caller of dispatch.callers.get(chain) ?? []) selectUpwards(dispatch, caller, selected);
}

/** The service's own chains, breadth first, so that a limit cuts off the far ones. */
export function chainsBelow(graph: RuleGraph, service: GraphService, most: number): ReadonlySet<ChainKey> {
  const found = new Set<ChainKey>();
  const waiting: ChainKey[] = [];
  for (const { place, facts } of service.frontends) {
    const from = graph.chains.get(place.chain);
    const target = from && targetKey(graph, from, facts);
    if (target !== undefined && !isSideChain(graph, target)) waiting.push(target);
  }
  for (let position = 0; position < waiting.length && found.size < most; position += 1) {
    const key = waiting[position];
    if (key === undefined || found.has(key)) continue;
    found.add(key);
    for (const target of targetsOf(graph, key)) if (!isSideChain(graph, target)) waiting.push(target);
  }
  return found;
}

function targetsOf(graph: RuleGraph, key: ChainKey): ReadonlySet<ChainKey> {
  const chain = graph.chains.get(key);
  const targets = chain?.rules.flatMap(({ text }) => targetKey(graph, chain, ruleFacts(text)) ?? []);
  return new Set(targets);
}

/** Distinct destinations: a port's endpoint may stand in two chains, policy Cluster and Local. */
function endpointsOf(graph: RuleGraph, chains: ReadonlySet<ChainKey>): number {
  const found = new Set<string>();
  for (const key of chains) {
    for (const { text } of graph.chains.get(key)?.rules ?? []) {
      const { endpoint } = ruleFacts(text);
      if (endpoint !== undefined) found.add(endpoint);
    }
  }
  return found.size;
}
