import type { StyledService } from '../chains/comment-style.ts';
import type { DispatchTrees } from '../chains/dispatch-forest.ts';
import { hasAddress } from '../chains/dispatch-key.ts';
import {
  DISPATCH_TREE_PARTS,
  entriesOf,
  itemRules,
  partName,
  rootItems,
  shapeOf,
  type DispatchEntry,
  type DispatchTree,
  type TreeContext,
} from '../chains/dispatch-tree.ts';
import { nodePortJumps } from '../chains/dispatch.ts';
import { KUBE_NODEPORTS, KUBE_SERVICES } from '../chains/fixed.ts';
import { pathTo, type Tree } from '../chains/prefix-tree.ts';
import type { Chain, Rule, TableName } from '../chains/rule.ts';
import { rememberedNames } from '../chains/service-names.ts';
import { DISPATCH, type ServiceRules } from '../chains/service-rules.ts';
import { ruleText } from '../chains/text.ts';
import { chainParts, itemsOf, type Item } from '../chains/tree-chains.ts';
import type { ChainName } from '../chains/names.ts';
import type { Delta } from '../iptables/delta.ts';
import type { NodeView } from '../routing/node-view.ts';

/** The rules that are made of a service: all that its packets can meet. */
export interface MadeRules extends ServiceRules {
  /** In the indexed layout, the chains of the node's trees on the way to it, without what is of other services. */
  readonly ways: readonly TableChain[];
}

export interface TableChain {
  readonly table: TableName;
  readonly chain: Chain;
}

/** A chain as a change writes it; undefined where it does not. */
export type Written = (table: TableName, chain: string) => Chain | undefined;

export function writtenBy({ write }: Delta): Written {
  let chains: ReadonlyMap<string, Chain> | undefined;
  return (table, chain) => {
    chains ??= new Map(write.map((each) => [`${each.table} ${each.chain.name}`, each.chain]));
    return chains.get(`${table} ${chain}`);
  };
}

/** The chains of these trees that lead to a service. */
export function waysTo(
  service: StyledService,
  trees: DispatchTrees,
  view: NodeView,
  written: Written,
): readonly TableChain[] {
  const namesOf = rememberedNames();
  return DISPATCH.flatMap((dispatch, index) => {
    const tree = trees[index];
    if (tree === undefined) throw new RangeError(`no tree of ${dispatch.chain}`);
    return waysThrough(tree, service, { dispatch, view, namesOf }, written);
  });
}

function waysThrough(
  tree: DispatchTree,
  service: StyledService,
  context: TreeContext,
  written: Written,
): readonly TableChain[] {
  const { table, chain: root } = context.dispatch;
  const own = entriesOf(context, service);
  // Then the chain is as good as empty for this service.
  if (own.length === 0) return [];
  const parts = partsOnTheWay(tree, own, context.view);
  const names = new Map(parts.map((part) => [part, partName(context, part)]));
  const isOwnItem = (item: Item<DispatchEntry>): boolean =>
    item.kind === 'chain' ? names.has(item.tree) : item.value.service === service.service.service;
  const wayOf = (name: ChainName, items: () => readonly Item<DispatchEntry>[]): TableChain => {
    const known = written(table, name);
    if (known !== undefined) {
      const isOwn = ownRules(context, own, new Set(names.values()));
      return { table, chain: { name, rules: [...known.rules].filter(isOwn) } };
    }
    const rules = items()
      .filter(isOwnItem)
      .flatMap((item) => itemRules(context, item));
    return { table, chain: { name, rules: name === root ? [...rules, ...lastRules(context)] : rules } };
  };
  return [
    ...[...names].map(([part, name]) => wayOf(name, () => itemsOf(part))),
    wayOf(root, () => rootItems(tree)),
  ];
}

/** The tail of the chain that all packets come to. */
function lastRules({ dispatch: { table, chain }, view }: TreeContext): readonly Rule[] {
  return table === 'nat' && chain === KUBE_SERVICES ? nodePortJumps(view) : [];
}

function partsOnTheWay(
  tree: DispatchTree,
  own: readonly DispatchEntry[],
  view: NodeView,
): readonly Tree<DispatchEntry>[] {
  return DISPATCH_TREE_PARTS.flatMap((part) => {
    const keys = own.map(({ key }) => key).filter((key) => hasAddress(key) === (part === 'addresses'));
    if (keys.length === 0) return [];
    const open = new Set(keys.flatMap((key) => [...pathTo(tree[part], key, shapeOf(part, view))]));
    return [...chainParts(tree[part], (each) => open.has(each))].filter((each) => open.has(each));
  });
}

/** Whether a rule is one of the service's own, or leads further on the way to them. */
function ownRules(
  context: TreeContext,
  own: readonly DispatchEntry[],
  ways: ReadonlySet<string>,
): (rule: Rule) => boolean {
  const texts = new Set(
    own.flatMap((value) => itemRules(context, { kind: 'value', value })).map(uncommentedText),
  );
  return (rule) => {
    const { target } = rule;
    if (target?.kind === 'jump' && (ways.has(target.chain) || target.chain === KUBE_NODEPORTS)) return true;
    return texts.has(uncommentedText(rule));
  };
}

/** Comments come and go with the number of endpoints of all services. */
function uncommentedText(rule: Rule): string {
  return ruleText({ ...rule, matches: rule.matches.filter(({ kind }) => kind !== 'comment') });
}
