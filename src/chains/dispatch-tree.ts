import { compareText } from '../routing/endpoints.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import { jump } from './build.ts';
import { inStyle, type CommentStyle, type StyledService } from './comment-style.ts';
import { nodePortJumps } from './dispatch.ts';
import { dispatchKey, hasAddress, prefixMatches, prefixText, protocolByte } from './dispatch-key.ts';
import { KUBE_SERVICES } from './fixed.ts';
import { LazyRules } from './lazy-rules.ts';
import { treeChainName, type ChainName } from './names.ts';
import { treeOf, type Keyed, type Tree, type TreeShape } from './prefix-tree.ts';
import type { Chain, Rule } from './rule.ts';
import type { NamesOf } from './service-names.ts';
import type { DispatchChain } from './service-rules.ts';
import { chainParts, itemsOf, prefixOf, type Item } from './tree-chains.ts';

/**
 * A rule of a dispatch chain, by what it can be made from: a node keeps one for each, where the rules
 * themselves would take much more memory.
 */
export interface DispatchEntry extends Keyed {
  readonly service: string;
  /** Among the service's rules in the same dispatch chain. */
  readonly position: number;
  readonly route: Route;
  /** Among the rules of the route in the same dispatch chain. */
  readonly index: number;
  readonly style: CommentStyle;
}

/** The entries of a dispatch chain; node ports may stand in one with addresses. */
export interface DispatchTree {
  readonly addresses: Tree<DispatchEntry> | undefined;
  readonly ports: Tree<DispatchEntry> | undefined;
}

export const DISPATCH_TREE_PARTS = ['addresses', 'ports'] as const;

/** One service's entries in a dispatch chain. */
export function entriesOf(
  { dispatch, namesOf }: TreeContext,
  { service, style }: StyledService,
): readonly DispatchEntry[] {
  const entries: DispatchEntry[] = [];
  for (const route of service.routes) {
    const rules = dispatch.rulesOf(route, namesOf(route));
    for (const [index, rule] of rules.entries()) {
      const position = entries.length;
      entries.push({ key: dispatchKey(rule), service: service.service, position, route, index, style });
    }
  }
  return entries;
}

export function dispatchTree(context: TreeContext, services: readonly StyledService[]): DispatchTree {
  const addresses: DispatchEntry[] = [];
  const ports: DispatchEntry[] = [];
  for (const service of services) {
    for (const entry of entriesOf(context, service)) (hasAddress(entry.key) ? addresses : ports).push(entry);
  }
  return {
    addresses: treeOf(addresses, shapeOf('addresses', context.view)),
    ports: treeOf(ports, shapeOf('ports', context.view)),
  };
}

/** Where two services claim the same address and port, they stand in the order of their names. */
export function shapeOf(part: keyof DispatchTree, { family }: NodeView): TreeShape<DispatchEntry> {
  return {
    wholeByte: protocolByte(part === 'addresses' ? family : undefined),
    rank: (a, b) => compareText(a.service, b.service) || a.position - b.position,
  };
}

/** What the chains of a tree are written with. */
export interface TreeContext {
  readonly dispatch: DispatchChain;
  readonly view: NodeView;
  readonly namesOf: NamesOf;
}

/** All chains of a dispatch chain's tree, itself last, so that no jump precedes its target. */
export function* treeChains(context: TreeContext, tree: DispatchTree): Iterable<Chain> {
  for (const part of DISPATCH_TREE_PARTS) {
    for (const chain of chainParts(tree[part])) yield partChain(context, chain);
  }
  yield rootChain(context, tree);
}

/** The chain of a part of a tree. Its rules are made when they are walked: some only ask for its name. */
export function partChain(context: TreeContext, part: Tree<DispatchEntry>): Chain {
  const rules = new LazyRules(() => itemsOf(part).flatMap((item) => itemRules(context, item)));
  return { name: partName(context, part), rules };
}

export function partName({ dispatch }: TreeContext, part: Tree<DispatchEntry>): ChainName {
  return treeChainName(dispatch.tree, prefixText(prefixOf(part)));
}

/** The dispatch chain itself, under its own name. */
export function rootChain(context: TreeContext, tree: DispatchTree): Chain {
  const { dispatch, view } = context;
  const isLast = dispatch.table === 'nat' && dispatch.chain === KUBE_SERVICES;
  const rules = rootItems(tree).flatMap((item) => itemRules(context, item));
  return { name: dispatch.chain, rules: isLast ? [...rules, ...nodePortJumps(view)] : rules };
}

export function rootItems(tree: DispatchTree): readonly Item<DispatchEntry>[] {
  return DISPATCH_TREE_PARTS.flatMap((part) => {
    const ofPart = tree[part];
    return ofPart === undefined ? [] : itemsOf(ofPart);
  });
}

export function itemRules(context: TreeContext, item: Item<DispatchEntry>): readonly Rule[] {
  const { dispatch, namesOf } = context;
  if (item.kind === 'chain') {
    return [{ ...prefixMatches(prefixOf(item.tree)), target: jump(partName(context, item.tree)) }];
  }
  const { route, index, style } = item.value;
  return inStyle(dispatch.rulesOf(route, namesOf(route)).slice(index, index + 1), style);
}
