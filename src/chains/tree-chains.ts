import { sharedBits, type Keyed, type Tree } from './prefix-tree.ts';

/*
 * Which parts of a prefix tree become chains. A chain may hold up to 16 values itself; past that it holds
 * jumps. Sizes are sorted into classes: up to 16 values, up to 256, up to 4,096 and so on. A chain of one class
 * leads to those largest parts under it that fit into the class below. So:
 *
 * - a walk through n values takes log16(n) jumps whatever their keys: a few far-off keys, which push the
 *   others down the tree, cost rules in the upper chain and no step;
 * - what a chain holds depends only on the values under its prefix, and whether a part is a chain only on
 *   its own size and its parent's: a value that comes or goes rewrites a few chains for each class.
 */

/** As many values stand in one chain, one after the other. */
const LEAF = 16;
const FANOUT = 16;
/** A jump to so few values would cost as much as they do. */
const INLINE = 2;

/** What stands in a chain, in the order of keys: a value, or a jump to another chain. */
export type Item<Value extends Keyed> =
  { readonly kind: 'value'; readonly value: Value } | { readonly kind: 'chain'; readonly tree: Tree<Value> };

/** What stands in the chain of this part of a tree. */
export function itemsOf<Value extends Keyed>(tree: Tree<Value>): readonly Item<Value>[] {
  const items: Item<Value>[] = [];
  if (tree.kind === 'leaf' || tree.size <= LEAF) addValues(tree, items);
  else addParts(tree, classOf(tree.size) / FANOUT, items);
  return items;
}

/** Whether a part of a tree has a chain of its own, by the branch that holds it. */
function hasChain<Value extends Keyed>(tree: Tree<Value>, parent: Tree<Value>): boolean {
  if (tree.size <= INLINE) return false;
  // Many values of one key cannot be told apart any further.
  if (tree.kind === 'leaf') return parent.size > LEAF;
  return classOf(tree.size) < classOf(parent.size);
}

/** The parts that have chains, those that a chain leads to before it; not the whole tree, whose rules stand in the root. */
export function* chainParts<Value extends Keyed>(
  tree: Tree<Value> | undefined,
  isOpen: (part: Tree<Value>) => boolean = () => true,
): Iterable<Tree<Value>> {
  if (tree?.kind !== 'branch' || tree.size <= LEAF || !isOpen(tree)) return;
  for (const child of tree.children) {
    yield* chainParts(child, isOpen);
    if (hasChain(child, tree)) yield child;
  }
}

/** The most values that a chain of the same class can have under it. */
function classOf(size: number): number {
  let most = LEAF;
  while (most < size) most *= FANOUT;
  return most;
}

function addParts<Value extends Keyed>(tree: Tree<Value>, most: number, items: Item<Value>[]): void {
  if (tree.kind === 'leaf') {
    addValues(tree, items);
    return;
  }
  for (const child of tree.children) {
    if (child.size <= INLINE) addValues(child, items);
    else if (child.kind === 'leaf' || child.size <= most) items.push({ kind: 'chain', tree: child });
    else addParts(child, most, items);
  }
}

function addValues<Value extends Keyed>(tree: Tree<Value>, items: Item<Value>[]): void {
  if (tree.kind === 'leaf') for (const value of tree.values) items.push({ kind: 'value', value });
  else for (const child of tree.children) addValues(child, items);
}

/** The prefix of a part, by which its chain is told from all others of the tree. */
export function prefixOf<Value extends Keyed>(
  tree: Tree<Value>,
): { readonly key: string; readonly bits: number } {
  return { key: tree.key, bits: sharedBits(tree) };
}
