import { hunkLines, hunksOf } from '../text/unified-diff.ts';
import type { Program } from '../inspect/program.ts';
import { canonicalRules } from '../inspect/canonical.ts';
import type { RulesDifference } from './report.ts';

/** How the rules differ line by line, in one canonical order; undefined where they do not. */
export function rulesDifference(
  before: Program,
  after: Program,
  names: { readonly from: string; readonly to: string },
): RulesDifference | undefined {
  const [old, now] = [canonicalLines(before), canonicalLines(after)];
  const hunks = hunksOf(old, now, (line) => line.startsWith('*'));
  if (hunks.length === 0) return undefined;
  const { family } = before;
  const lines = [`--- ${names.from} (${family})`, `+++ ${names.to} (${family})`, ...hunks.flatMap(hunkLines)];
  return { family, diff: `${lines.join('\n')}\n` };
}

function canonicalLines({ tables }: Program): readonly string[] {
  const lines: string[] = [];
  for (const { name, chains } of tables.values()) {
    lines.push(`*${name}`);
    for (const chain of chains.values()) {
      lines.push(`:${chain.name} - [0:0]`);
      for (const rule of chain.rules) lines.push(rule.text());
    }
    lines.push('COMMIT');
  }
  return canonicalRules(lines.join('\n')).trimEnd().split('\n');
}
