import { diffLines, type Edit } from './line-diff.ts';

/** A stretch of changed lines and the lines round it, as a unified diff shows them. */
export interface Hunk {
  /** From 1; the line before where there is none. */
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** What the stretch is part of: the last line before it that opens a part. Empty where none does. */
  readonly part: string;
  readonly edits: readonly Edit[];
}

/** Kept lines shown on either side of a change. */
const CONTEXT = 3;

/**
 * What differs between two lists of lines; empty where nothing does.
 *
 * @param opensPart tells the lines under which the reader knows where he is, such as `*nat`
 */
export function hunksOf(
  before: readonly string[],
  after: readonly string[],
  opensPart: (line: string) => boolean = () => false,
): readonly Hunk[] {
  const edits = diffLines(before, after);
  const place = { index: 0, old: 0, new: 0, part: '' };
  const walkTo = (end: number): void => {
    for (; place.index < end; place.index += 1) {
      const { kind, line } = edits[place.index] ?? NOTHING;
      if (kind !== 'added') place.old += 1;
      if (kind !== 'removed') place.new += 1;
      if (kind !== 'added' && opensPart(line)) place.part = line;
    }
  };
  return stretches(edits).map(({ from, to }): Hunk => {
    walkTo(from);
    const begin = { ...place };
    walkTo(to);
    const [oldLines, newLines] = [place.old - begin.old, place.new - begin.new];
    return {
      oldStart: oldLines === 0 ? begin.old : begin.old + 1,
      oldLines,
      newStart: newLines === 0 ? begin.new : begin.new + 1,
      newLines,
      part: begin.part,
      edits: edits.slice(from, to),
    };
  });
}

const NOTHING: Edit = { kind: 'kept', line: '' };

const SIGNS: Readonly<Record<Edit['kind'], string>> = { kept: ' ', removed: '-', added: '+' };

/** The head of a hunk and its lines, none of them ended. */
export function hunkLines({ oldStart, oldLines, newStart, newLines, part, edits }: Hunk): readonly string[] {
  const head = `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`;
  return [part === '' ? head : `${head} ${part}`, ...edits.map(({ kind, line }) => `${SIGNS[kind]}${line}`)];
}

/** The first line of the old text that a hunk changes, or that stands where it adds. */
export function firstChangedLine({ oldStart, edits }: Hunk): number {
  return Math.max(1, oldStart + edits.findIndex(({ kind }) => kind !== 'kept'));
}

function range(start: number, lines: number): string {
  return lines === 1 ? String(start) : `${start},${lines}`;
}

/** Changes with the lines round them; two that touch are one. */
function stretches(edits: readonly Edit[]): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [index, { kind }] of edits.entries()) {
    if (kind === 'kept') continue;
    const [from, to] = [Math.max(0, index - CONTEXT), Math.min(edits.length, index + CONTEXT + 1)];
    const last = found.at(-1);
    if (last !== undefined && from <= last.to) last.to = to;
    else found.push({ from, to });
  }
  return found;
}
