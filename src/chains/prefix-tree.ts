/*
 * A binary trie with its paths compressed: each branch stands at the first bit in which the keys under it
 * differ. Its form depends on what it holds and on nothing else, so that two trees of the same values are
 * equal, however they came about. Trees are never changed: a new one shares all that it can with the old.
 */

/** Something with a key: bytes as a latin1 string, which compares as bytes do. A tree's keys are equally long. */
export interface Keyed {
  readonly key: string;
}

export type Tree<Value extends Keyed> = Leaf<Value> | Branch<Value>;

/** All values of one key, in the order of their rank. */
export interface Leaf<Value extends Keyed> {
  readonly kind: 'leaf';
  readonly key: string;
  readonly size: number;
  readonly values: readonly Value[];
}

export interface Branch<Value extends Keyed> {
  readonly kind: 'branch';
  /** The first key under it: the first `bits` of it are common to all. */
  readonly key: string;
  readonly bits: number;
  /** How many values it holds. */
  readonly size: number;
  /** In the order of their keys: two, or one for each value of the whole byte. */
  readonly children: readonly Tree<Value>[];
}

export interface TreeShape<Value extends Keyed> {
  /** The place of a byte that is never split within; -1 where each bit may tell keys apart. */
  readonly wholeByte: number;
  /** The order of values that share a key; 0 is the same value. */
  readonly rank: (a: Value, b: Value) => number;
}

const BYTE = 8;

/** How many bits of its key a tree's values share. */
export function sharedBits<Value extends Keyed>(tree: Tree<Value>): number {
  return tree.kind === 'leaf' ? tree.key.length * BYTE : tree.bits;
}

/** The tree of these values; undefined of none. */
export function treeOf<Value extends Keyed>(
  values: readonly Value[],
  shape: TreeShape<Value>,
): Tree<Value> | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => compareKeys(a.key, b.key) || shape.rank(a, b));
  return treeOfRange(0, sorted.length);

  function treeOfRange(from: number, to: number): Tree<Value> {
    const first = keyAt(sorted, from);
    const last = keyAt(sorted, to - 1);
    if (first === last) return leafOf(sorted.slice(from, to));
    const bits = splitBit(first, last, shape.wholeByte);
    const children: Tree<Value>[] = [];
    for (let start = from; start < to;) {
      const end = endOfChild(sorted, { start, to }, bits, shape.wholeByte);
      children.push(treeOfRange(start, end));
      start = end;
    }
    return branchOf(bits, children);
  }
}

export function withValue<Value extends Keyed>(
  tree: Tree<Value> | undefined,
  value: Value,
  shape: TreeShape<Value>,
): Tree<Value> {
  if (tree === undefined) return leafOf([value]);
  const bits = sharedBits(tree);
  if (!startsAlike(tree.key, value.key, bits)) {
    const children = [tree, leafOf([value])];
    if (value.key < tree.key) children.reverse();
    return branchOf(splitBit(tree.key, value.key, shape.wholeByte), children);
  }
  if (tree.kind === 'leaf') return leafOf([...tree.values, value].sort(shape.rank));
  const at = childIndex(tree, value.key, shape.wholeByte);
  if (at !== undefined) {
    return branchOf(
      bits,
      tree.children.map((child, index) => (index === at ? withValue(child, value, shape) : child)),
    );
  }
  const children = [...tree.children, leafOf([value])];
  return branchOf(
    bits,
    children.sort((a, b) => compareKeys(a.key, b.key)),
  );
}

/**
 * @returns undefined where nothing is left
 * @throws Error where the tree does not hold the value: that is a programmer's error
 */
export function withoutValue<Value extends Keyed>(
  tree: Tree<Value> | undefined,
  value: Value,
  shape: TreeShape<Value>,
): Tree<Value> | undefined {
  if (tree === undefined || !startsAlike(tree.key, value.key, sharedBits(tree))) throw notInTree(value);
  if (tree.kind === 'leaf') {
    const values = tree.values.filter((other) => shape.rank(other, value) !== 0);
    if (values.length !== tree.size - 1) throw notInTree(value);
    return values.length === 0 ? undefined : leafOf(values);
  }
  const at = childIndex(tree, value.key, shape.wholeByte);
  if (at === undefined) throw notInTree(value);
  const children = tree.children
    .map((child, index) => (index === at ? withoutValue(child, value, shape) : child))
    .filter((child) => child !== undefined);
  const [single] = children;
  return children.length === 1 ? single : branchOf(tree.bits, children);
}

/**
 * The parts of a tree that hold the key or would, the whole first: those, and no others, are made anew
 * when something with this key comes or goes.
 */
export function* pathTo<Value extends Keyed>(
  tree: Tree<Value> | undefined,
  key: string,
  { wholeByte }: TreeShape<Value>,
): Iterable<Tree<Value>> {
  for (let at = tree; at !== undefined && startsAlike(at.key, key, sharedBits(at));) {
    yield at;
    const index = at.kind === 'leaf' ? undefined : childIndex(at, key, wholeByte);
    at = at.kind === 'leaf' || index === undefined ? undefined : at.children[index];
  }
}

function leafOf<Value extends Keyed>(values: readonly Value[]): Leaf<Value> {
  return { kind: 'leaf', key: keyAt(values, 0), size: values.length, values };
}

function branchOf<Value extends Keyed>(bits: number, children: readonly Tree<Value>[]): Branch<Value> {
  let size = 0;
  for (const child of children) size += child.size;
  return { kind: 'branch', key: keyAt(children, 0), bits, size, children };
}

/** The first bit that tells the keys apart, or the start of the whole byte that it lies in. */
function splitBit(one: string, other: string, wholeByte: number): number {
  const bits = commonBits(one, other);
  return Math.floor(bits / BYTE) === wholeByte ? wholeByte * BYTE : bits;
}

function commonBits(one: string, other: string): number {
  for (let index = 0; index < one.length; index += 1) {
    const difference = one.charCodeAt(index) ^ other.charCodeAt(index);
    if (difference !== 0) return index * BYTE + Math.clz32(difference) - (32 - BYTE);
  }
  return one.length * BYTE;
}

function startsAlike(one: string, other: string, bits: number): boolean {
  return commonBits(one, other) >= bits;
}

/** What of the key a branch at this bit goes by. */
function branchSymbol(key: string, bits: number, wholeByte: number): number {
  const byte = key.charCodeAt(bits >> 3);
  return bits === wholeByte * BYTE ? byte : (byte >> (BYTE - 1 - (bits % BYTE))) & 1;
}

function childIndex<Value extends Keyed>(
  { bits, children }: Branch<Value>,
  key: string,
  wholeByte: number,
): number | undefined {
  const symbol = branchSymbol(key, bits, wholeByte);
  const index = children.findIndex((child) => branchSymbol(child.key, bits, wholeByte) === symbol);
  return index < 0 ? undefined : index;
}

/** Where the run of values ends that go to the same child as the one at `start`. */
function endOfChild(
  sorted: readonly Keyed[],
  { start, to }: { readonly start: number; readonly to: number },
  bits: number,
  wholeByte: number,
): number {
  const symbol = branchSymbol(keyAt(sorted, start), bits, wholeByte);
  let low = start + 1;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (branchSymbol(keyAt(sorted, middle), bits, wholeByte) === symbol) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keyAt(values: readonly Keyed[], index: number): string {
  const value = values[index];
  if (value === undefined) throw new RangeError('a tree is never empty');
  return value.key;
}

function compareKeys(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function notInTree({ key }: Keyed): Error {
  return new Error(`not in the tree: ${Buffer.from(key, 'latin1').toString('hex')}`);
}
