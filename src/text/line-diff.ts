/** One line of a comparison of two texts. */
export interface Edit {
  readonly kind: 'kept' | 'removed' | 'added';
  readonly line: string;
}

/**
 * What turns one list of lines into another: lines kept, removed and added, in order. Lines that stand
 * exactly once in both hold the two together (a patience diff): nearly all rules are such lines, so that
 * a change shows as what was done, and 100,000 lines cost little more than sorting them.
 */
export function diffLines(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const edits: Edit[] = [];
  compare(before, { from: 0, to: before.length }, after, { from: 0, to: after.length }, edits);
  return edits;
}

/** Lines of a list, the last one not included. */
interface Span {
  readonly from: number;
  readonly to: number;
}

interface Anchor {
  readonly before: number;
  readonly after: number;
}

function compare(
  before: readonly string[],
  old: Span,
  after: readonly string[],
  now: Span,
  edits: Edit[],
): void {
  const head = commonHead(before, old, after, now);
  const tail = commonTail(before, { ...old, from: old.from + head }, after, {
    ...now,
    from: now.from + head,
  });
  push(edits, 'kept', before, { from: old.from, to: old.from + head });
  const oldMiddle = { from: old.from + head, to: old.to - tail };
  const nowMiddle = { from: now.from + head, to: now.to - tail };
  const anchors = anchorsOf(before, oldMiddle, after, nowMiddle);
  if (anchors.length === 0) {
    push(edits, 'removed', before, oldMiddle);
    push(edits, 'added', after, nowMiddle);
  } else {
    let [oldFrom, nowFrom] = [oldMiddle.from, nowMiddle.from];
    for (const anchor of [...anchors, { before: oldMiddle.to, after: nowMiddle.to }]) {
      compare(
        before,
        { from: oldFrom, to: anchor.before },
        after,
        { from: nowFrom, to: anchor.after },
        edits,
      );
      // An anchor begins the span after it, whose common head it is then.
      [oldFrom, nowFrom] = [anchor.before, anchor.after];
    }
  }
  push(edits, 'kept', before, { from: old.to - tail, to: old.to });
}

function push(edits: Edit[], kind: Edit['kind'], lines: readonly string[], { from, to }: Span): void {
  for (let index = from; index < to; index += 1) edits.push({ kind, line: lines[index] ?? '' });
}

function commonHead(before: readonly string[], old: Span, after: readonly string[], now: Span): number {
  const most = Math.min(old.to - old.from, now.to - now.from);
  let count = 0;
  while (count < most && before[old.from + count] === after[now.from + count]) count += 1;
  return count;
}

function commonTail(before: readonly string[], old: Span, after: readonly string[], now: Span): number {
  const most = Math.min(old.to - old.from, now.to - now.from);
  let count = 0;
  while (count < most && before[old.to - 1 - count] === after[now.to - 1 - count]) count += 1;
  return count;
}

/** The most lines that stand once in either span and in the same order in both. */
function anchorsOf(
  before: readonly string[],
  old: Span,
  after: readonly string[],
  now: Span,
): readonly Anchor[] {
  const places = uniqueLines(before, old);
  const anchors: Anchor[] = [];
  for (const [line, place] of uniqueLines(after, now)) {
    const other = places.get(line);
    if (other !== undefined) anchors.push({ before: other, after: place });
  }
  return longestRising(anchors);
}

/** Where the lines stand that are in the span once, in their order. */
function uniqueLines(lines: readonly string[], { from, to }: Span): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (let index = from; index < to; index += 1) {
    const line = lines[index] ?? '';
    if (places.has(line)) repeated.add(line);
    else places.set(line, index);
  }
  for (const line of repeated) places.delete(line);
  return places;
}

/** The longest run of anchors, given by their place after, whose places before rise too. */
function longestRising(anchors: readonly Anchor[]): readonly Anchor[] {
  // The anchor that ends the run of each length and stands first before, and what it follows.
  const ends: Link[] = [];
  for (const anchor of anchors) {
    const length = lengthBelow(ends, anchor.before);
    ends[length] = { anchor, previous: ends[length - 1] };
  }
  const run: Anchor[] = [];
  for (let link = ends.at(-1); link !== undefined; link = link.previous) run.push(link.anchor);
  return run.reverse();
}

interface Link {
  readonly anchor: Anchor;
  readonly previous: Link | undefined;
}

/** How many of the rising ends stand before a place. */
function lengthBelow(ends: readonly Link[], place: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle]?.anchor.before ?? place) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
