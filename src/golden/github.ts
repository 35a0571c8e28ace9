import { join } from 'node:path';
import { dataText, propertyText } from '../text/github.ts';
import { isAsGolden, type GoldenFinding } from './compare.ts';
import { closingLines, diffLinesOf, foundLine, type GoldenOutcome } from './report.ts';
import { firstChangedLine } from '../text/unified-diff.ts';

/** GitHub shows the first ten annotations of a step, each as a few lines; the log holds the rest. */
const ANNOTATION_LINES = 20;

/**
 * The outcome as commands for the log of GitHub Actions: an annotation for each file that differs, at the
 * first line that does, and the whole diff folded up below.
 */
export function goldenGithub(outcome: GoldenOutcome): string {
  const { directory, findings } = outcome;
  const differing = findings.filter((finding) => !isAsGolden(finding));
  const lines = differing.flatMap((finding) => {
    const diff = diffLinesOf(finding, directory);
    const folded = diff.length === 0 ? [] : [`::group::${dataText(finding.name)}`, ...diff, '::endgroup::'];
    return [annotation(finding, directory, diff), ...folded];
  });
  return `${[...lines, ...closingLines(outcome)].join('\n')}\n`;
}

function annotation(finding: GoldenFinding, directory: string, diff: readonly string[]): string {
  const [first] = finding.hunks;
  const line = finding.state === 'changed' && first !== undefined ? firstChangedLine(first) : 1;
  const shown = diff.slice(2, 2 + ANNOTATION_LINES);
  const left = diff.length - 2 - shown.length;
  const text = [foundLine(finding, directory), ...shown, ...(left > 0 ? [`and ${left} more lines`] : [])];
  const file = propertyText(join(directory, finding.name));
  return `::error file=${file},line=${line},title=Golden rules::${dataText(text.join('\n'))}`;
}
