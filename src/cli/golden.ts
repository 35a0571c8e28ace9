import type { CommentPolicy } from '../chains/comments.ts';
import type { LayoutChoice } from '../chains/layout-choice.ts';
import type { FlagValues } from '../config/flags.ts';
import { writingCommand } from '../golden/command-line.ts';
import { compareGolden, isAsGolden } from '../golden/compare.ts';
import { settle } from '../golden/directory.ts';
import { goldenGithub } from '../golden/github.ts';
import { goldenJson, goldenText, type GoldenOutcome } from '../golden/report.ts';
import { InputError } from '../problems/problem.ts';
import { FAILED } from './exit-codes.ts';
import { filesOfNodes, filesOfRuleBook } from './golden-files.ts';
import { writeAll } from './output.ts';
import { paintOn } from './terminal.ts';

export interface GoldenOptions {
  /** The directory to write, or the one to hold the rules against; never both. */
  readonly write?: string | undefined;
  readonly check?: string | undefined;
  /** Manifests; undefined: the directory is a rule book. */
  readonly filename?: readonly string[] | undefined;
  /** Only these nodes; empty: all that the manifests hold. */
  readonly node: readonly string[];
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly output: 'text' | 'json' | 'github';
}

/**
 * Holds golden files against what manifests make, or writes them.
 *
 * @returns the exit code: 1 where files differ and were not to be written, else 0
 * @throws InputError with everything that is wrong with what was asked for or read
 */
export async function golden(options: GoldenOptions, flags: FlagValues): Promise<number> {
  const { write, check, filename, node, comments, output } = options;
  const directory = write ?? check;
  if (directory === undefined) {
    const message = 'expected one of the two, with the directory of the golden files';
    throw new InputError([{ where: '--check, --write', path: '', message }]);
  }
  const written = write !== undefined;
  const request = { directory, filename, node, layout: { name: options.layout, comments }, flags };
  const { wanted, present } = await (filename === undefined ? filesOfRuleBook : filesOfNodes)(request);
  const findings = compareGolden(wanted, present);
  if (written) await settle(directory, wanted, findings);
  const outcome = { directory, findings, written, command: writingCommand(request) };
  await writeAll(process.stdout, [textOf(outcome, output)]);
  return written || findings.every(isAsGolden) ? 0 : FAILED;
}

function textOf(outcome: GoldenOutcome, output: GoldenOptions['output']): string {
  switch (output) {
    case 'json':
      return goldenJson(outcome);
    case 'github':
      return goldenGithub(outcome);
    case 'text':
      return goldenText(outcome, paintOn(process.stdout));
  }
}
