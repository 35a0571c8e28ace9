import type { Family } from '../net/address.ts';
import { compareText } from '../routing/endpoints.ts';
import { familyOfFile, isNodesFile, nodesOf, withCommandOf, type GoldenFile } from './file.ts';
import { hunksOf, type Hunk } from '../text/unified-diff.ts';

/**
 * How a golden file is found: `same`; `head`, the same but for the command that its head tells;
 * `changed`; `missing`, not written yet; `stale`, of no node that is left.
 */
export type GoldenState = 'same' | 'head' | 'changed' | 'missing' | 'stale';

/** What became of one golden file. */
export interface GoldenFinding {
  /** Under the directory of golden files. */
  readonly name: string;
  readonly family: Family;
  readonly state: GoldenState;
  /** The nodes that have these rules now; those that had them where the file is stale. */
  readonly nodes: readonly string[];
  /**
   * The file that the hunks change: the file itself, or for a missing one the file that held its nodes so
   * far. undefined where there is nothing to compare with.
   */
  readonly basis: string | undefined;
  readonly hunks: readonly Hunk[];
}

/**
 * Holds golden files as they are against what they should be, in the order of their names.
 *
 * @param present texts by name, of all files that may be golden ones
 */
export function compareGolden(
  wanted: readonly GoldenFile[],
  present: ReadonlyMap<string, string>,
): readonly GoldenFinding[] {
  const names = new Set(wanted.map(({ name }) => name));
  const stale = [...present].filter(([name, text]) => !names.has(name) && isNodesFile(name, text));
  const found = [
    ...wanted.map((file) => findingOf(file, present)),
    ...stale.map(([name, text]) => ({ ...staleFinding(name), nodes: nodesOf(text) })),
  ];
  return found.sort((a, b) => compareText(a.name, b.name));
}

/** Whether the rules are the golden ones. */
export function isAsGolden({ state }: GoldenFinding): boolean {
  return state === 'same' || state === 'head';
}

function findingOf(file: GoldenFile, present: ReadonlyMap<string, string>): GoldenFinding {
  const { name, family, nodes, text } = file;
  const about = { name, family, nodes };
  const before = present.get(name);
  if (before === undefined) {
    const basis = holderOf(file, present);
    if (basis === undefined) return { ...about, state: 'missing', basis, hunks: [] };
    return { ...about, state: 'missing', basis, hunks: rulesHunks(present.get(basis) ?? '', text) };
  }
  if (before === text) return { ...about, state: 'same', basis: name, hunks: [] };
  const hunks = rulesHunks(before, text);
  return { ...about, state: hunks.length === 0 ? 'head' : 'changed', basis: name, hunks };
}

function staleFinding(name: string): Omit<GoldenFinding, 'nodes'> {
  return { name, family: familyOfFile(name), state: 'stale', basis: undefined, hunks: [] };
}

/** The golden file that has held the rules of the file's nodes so far. */
function holderOf({ nodes, family }: GoldenFile, present: ReadonlyMap<string, string>): string | undefined {
  for (const [name, text] of present) {
    if (!isNodesFile(name, text) || familyOfFile(name) !== family) continue;
    const held = new Set(nodesOf(text));
    if (nodes.some((node) => held.has(node))) return name;
  }
  return undefined;
}

function rulesHunks(before: string, after: string): readonly Hunk[] {
  return hunksOf(linesOf(before), linesOf(withCommandOf(before, after)), (line) => line.startsWith('*'));
}

/** A last line that is not ended reads as diff(1) prints it. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  const last = lines.pop();
  return last === undefined || last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}
