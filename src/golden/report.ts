import { join } from 'node:path';
import { firstOf } from '../text/first-of.ts';
import { BOLD, CYAN, GREEN, RED, type Paint } from '../text/paint.ts';
import { isAsGolden, type GoldenFinding, type GoldenState } from './compare.ts';
import type { GoldenReport } from './schema.ts';
import { hunkLines } from '../text/unified-diff.ts';

/** What a comparison, or a writing, came to. */
export interface GoldenOutcome {
  /** As the user named it. */
  readonly directory: string;
  readonly findings: readonly GoldenFinding[];
  readonly written: boolean;
  /** What makes the files as they should be. */
  readonly command: string;
}

/** The outcome for machines; `goldenReportSchema` tells its shape. */
export function goldenJson({ directory, findings, written }: GoldenOutcome): string {
  const report: GoldenReport = {
    directory,
    same: findings.every(isAsGolden),
    written,
    files: findings.map((finding) => ({
      file: join(directory, finding.name),
      family: finding.family,
      nodes: finding.nodes,
      state: finding.state,
      diff: finding.hunks.length === 0 ? null : `${diffLinesOf(finding, directory).join('\n')}\n`,
    })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** The outcome for people: what differs, line by line, or a line for each file that was written. */
export function goldenText(outcome: GoldenOutcome, paint: Paint): string {
  const { directory, findings, written } = outcome;
  const lines = findings.flatMap((finding): readonly string[] => {
    if (written) return writtenLines(finding, directory);
    const diff = diffLinesOf(finding, directory).map((line) => paintLine(line, paint));
    if (finding.state === 'changed') return diff;
    return isAsGolden(finding) ? [] : [foundLine(finding, directory), ...diff];
  });
  return `${[...lines, ...closingLines(outcome)].join('\n')}\n`;
}

/** A unified diff with its two names, none of the lines ended; none where there is nothing to compare. */
export function diffLinesOf({ name, basis, hunks }: GoldenFinding, directory: string): readonly string[] {
  if (hunks.length === 0) return [];
  const names = [`--- ${join(directory, basis ?? name)}`, `+++ ${join(directory, name)}`];
  return [...names, ...hunks.flatMap(hunkLines)];
}

/** What is wrong with a file, in a sentence. */
export function foundLine({ name, state, nodes, basis }: GoldenFinding, directory: string): string {
  const path = join(directory, name);
  if (state === 'stale') return `${path} is stale: no node's rules are kept there any more`;
  if (state === 'changed') return `${path}: the rules${ofNodes(nodes)} differ`;
  const before = basis === undefined ? '' : `; so far they were those in ${join(directory, basis)}`;
  return `${path} is missing: the rules${ofNodes(nodes)}${before}`;
}

/** How many files there are, what of them differs, and what to do. */
export function closingLines({ findings, written, command }: GoldenOutcome): readonly string[] {
  const files = `${findings.length} golden file${findings.length === 1 ? '' : 's'}`;
  const counts = Map.groupBy(findings, ({ state }) => state);
  const words = written ? DONE : FOUND;
  const told = Object.entries(words).flatMap(([state, word]) => {
    const count = counts.get(state as GoldenState)?.length ?? 0;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  if (written) return [`${files}: ${told.length === 0 ? 'nothing to do' : told.join(', ')}.`];
  if (findings.every(isAsGolden)) return [`${files}: the rules are as they should be.`];
  return [`${files}: ${told.join(', ')}. To take over what the manifests make now:`, `  ${command}`];
}

const FOUND = { changed: 'changed', missing: 'missing', stale: 'stale' } as const;

const DONE = {
  changed: 'rewritten',
  head: 'with another command in the head',
  missing: 'new',
  stale: 'removed',
} as const;

function writtenLines({ name, state, nodes }: GoldenFinding, directory: string): readonly string[] {
  if (state === 'same') return [];
  return [`${join(directory, name)}: ${DONE[state]}${state === 'stale' ? '' : ofNodes(nodes, ' (', ')')}`];
}

const MOST_NAMES = 3;

/** ` of node-a, node-b and 298 more`. */
function ofNodes(nodes: readonly string[], before = ' of ', after = ''): string {
  if (nodes.length === 0) return '';
  return `${before}${firstOf(nodes, MOST_NAMES)}${after}`;
}

/** The colours of `git diff`. */
function paintLine(line: string, paint: Paint): string {
  if (line.startsWith('--- ') || line.startsWith('+++ ')) return paint(BOLD, line);
  if (line.startsWith('@@')) return paint(CYAN, line);
  if (line.startsWith('-')) return paint(RED, line);
  return line.startsWith('+') ? paint(GREEN, line) : line;
}
