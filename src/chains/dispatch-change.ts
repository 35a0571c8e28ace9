import type { NodeView } from '../routing/node-view.ts';
import {
  DISPATCH_TREE_PARTS,
  entriesOf,
  itemRules,
  partChain,
  partName,
  rootChain,
  rootItems,
  shapeOf,
  type DispatchEntry,
  type DispatchTree,
  type TreeContext,
} from './dispatch-tree.ts';
import type { StyledService } from './comment-style.ts';
import type { DispatchTrees } from './dispatch-forest.ts';
import { hasAddress } from './dispatch-key.ts';
import type { ChainName } from './names.ts';
import { pathTo, withoutValue, withValue, type Tree, type TreeShape } from './prefix-tree.ts';
import type { Chain, TableName } from './rule.ts';
import { rememberedNames } from './service-names.ts';
import { DISPATCH } from './service-rules.ts';
import { ruleText } from './text.ts';
import { chainParts, itemsOf, type Item } from './tree-chains.ts';

export interface TreeChange {
  readonly next: DispatchTrees;
  /** Chains that are new or differ, in an order in which no jump precedes its target. */
  readonly write: readonly { readonly table: TableName; readonly chain: Chain }[];
  readonly remove: readonly { readonly table: TableName; readonly name: ChainName }[];
  /** How many rules more there are than before, by table. */
  readonly growth: Readonly<Record<TableName, number>>;
}

/** What becomes of the trees when some services go, and others, or other versions of the same, come. */
export function changeTrees(
  trees: DispatchTrees,
  gone: readonly StyledService[],
  come: readonly StyledService[],
  view: NodeView,
): TreeChange {
  const namesOf = rememberedNames();
  const changes = DISPATCH.map((dispatch, index) => {
    const context = { dispatch, view, namesOf };
    const tree = trees[index];
    if (tree === undefined) throw new RangeError(`no tree of ${dispatch.chain}`);
    const drop = gone.flatMap((service) => entriesOf(context, service));
    const insert = come.flatMap((service) => entriesOf(context, service));
    return changeTree(context, tree, drop, insert);
  });
  const sum = (table: TableName): number =>
    changes.reduce((total, change) => total + (change.table === table ? change.growth : 0), 0);
  return {
    next: changes.map(({ next }) => next),
    write: changes.flatMap(({ table, write }) => write.map((chain) => ({ table, chain }))),
    remove: changes.flatMap(({ table, remove }) => remove.map((name) => ({ table, name }))),
    growth: { filter: sum('filter'), nat: sum('nat') },
  };
}

interface ChainsChange {
  readonly table: TableName;
  readonly next: DispatchTree;
  readonly write: readonly Chain[];
  readonly remove: readonly ChainName[];
  readonly growth: number;
}

function changeTree(
  context: TreeContext,
  tree: DispatchTree,
  drop: readonly DispatchEntry[],
  insert: readonly DispatchEntry[],
): ChainsChange {
  const { table } = context.dispatch;
  if (drop.length + insert.length === 0) return { table, next: tree, write: [], remove: [], growth: 0 };
  const parts = DISPATCH_TREE_PARTS.map((part) => {
    const isOfPart = ({ key }: DispatchEntry): boolean => hasAddress(key) === (part === 'addresses');
    return changePart(
      context,
      tree[part],
      drop.filter(isOfPart),
      insert.filter(isOfPart),
      shapeOf(part, context.view),
    );
  });
  const next: DispatchTree = { addresses: parts[0]?.next, ports: parts[1]?.next };
  const write = parts.flatMap((part) => part.write);
  const remove = parts.flatMap((part) => part.remove);
  const growth = parts.reduce((sum, part) => sum + part.growth, 0);
  const [before, after] = [rootItems(tree), rootItems(next)];
  if (!areSameItems(context, before, after)) {
    write.push(rootChain(context, next));
  }
  return { table, next, write, remove, growth: growth + after.length - before.length };
}

interface PartChange {
  readonly next: Tree<DispatchEntry> | undefined;
  readonly write: readonly Chain[];
  readonly remove: readonly ChainName[];
  readonly growth: number;
}

/** Only what lies on the way to a changed entry can differ; the rest is shared and not looked at. */
function changePart(
  context: TreeContext,
  tree: Tree<DispatchEntry> | undefined,
  drop: readonly DispatchEntry[],
  insert: readonly DispatchEntry[],
  shape: TreeShape<DispatchEntry>,
): PartChange {
  let next = tree;
  for (const entry of drop) next = withoutValue(next, entry, shape);
  for (const entry of insert) next = withValue(next, entry, shape);
  const keys = [...drop, ...insert].map(({ key }) => key);
  const before = partsOnTheWay(context, tree, keys, shape);
  const after = partsOnTheWay(context, next, keys, shape);

  const write: Chain[] = [];
  let growth = 0;
  for (const [name, part] of after) {
    const old = before.get(name);
    if (old === part) continue;
    const [oldItems, items] = [old === undefined ? [] : itemsOf(old), itemsOf(part)];
    growth += items.length - oldItems.length;
    if (old === undefined || !areSameItems(context, oldItems, items)) {
      write.push(partChain(context, part));
    }
  }
  const remove: ChainName[] = [];
  for (const [name, part] of before) {
    if (after.has(name)) continue;
    remove.push(name);
    growth -= itemsOf(part).length;
  }
  return { next, write, remove, growth };
}

function partsOnTheWay(
  context: TreeContext,
  tree: Tree<DispatchEntry> | undefined,
  keys: readonly string[],
  shape: TreeShape<DispatchEntry>,
): ReadonlyMap<ChainName, Tree<DispatchEntry>> {
  const open = new Set(keys.flatMap((key) => [...pathTo(tree, key, shape)]));
  const parts = chainParts(tree, (part) => open.has(part));
  return new Map(Array.from(parts, (part) => [partName(context, part), part]));
}

function areSameItems(
  context: TreeContext,
  some: readonly Item<DispatchEntry>[],
  others: readonly Item<DispatchEntry>[],
): boolean {
  if (some.length !== others.length) return false;
  return some.every((item, index) => {
    const other = others[index];
    return other !== undefined && isSameItem(context, item, other);
  });
}

function isSameItem(context: TreeContext, item: Item<DispatchEntry>, other: Item<DispatchEntry>): boolean {
  if (item.kind === 'chain') {
    if (other.kind !== 'chain') return false;
    return item.tree === other.tree || partName(context, item.tree) === partName(context, other.tree);
  }
  if (other.kind !== 'value') return false;
  if (item.value === other.value) return true;
  return item.value.key === other.value.key && textOf(context, item) === textOf(context, other);
}

function textOf(context: TreeContext, item: Item<DispatchEntry>): string {
  return itemRules(context, item).map(ruleText).join('\n');
}
