import type { CommentPolicy } from '../chains/comments.ts';
import type { LayoutChoice } from '../chains/layout-choice.ts';
import { readManifestFiles } from '../cluster/read-files.ts';
import { commandFlags, type FlagValues } from '../config/flags.ts';
import { readConfig } from '../config/load.ts';
import { readConfigFile } from '../config/read-file.ts';
import { compareMeanings } from '../diff/compare.ts';
import { diffGithub, type Place } from '../diff/github.ts';
import { diffMarkdown } from '../diff/markdown.ts';
import { meaningOf } from '../diff/recover.ts';
import { diffReport } from '../diff/report.ts';
import { rulesDifference } from '../diff/rules-diff.ts';
import { servicePlace } from '../diff/service-place.ts';
import type { DiffReport } from '../diff/schema.ts';
import { diffText } from '../diff/text.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import { hostFacts } from '../node/host.ts';
import { InputError } from '../problems/problem.ts';
import { hasServices, isSpecial, lendable, readState, rulesOnNode } from './diff-state.ts';
import { FAILED } from './exit-codes.ts';
import { writeAll } from './output.ts';
import { paintOn, warn } from './terminal.ts';

export interface DiffOptions {
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Manifests of both states. */
  readonly filename?: readonly string[] | undefined;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly family: Family | 'all';
  /** Tell how the rules differ, too. */
  readonly rules: boolean;
  readonly output: 'text' | 'json' | 'markdown' | 'github';
}

/**
 * Tells what differs between two states.
 *
 * @returns the exit code: 1 where they do not mean the same
 * @throws InputError with everything that is wrong with what was read
 */
export async function diff(options: DiffOptions, flags: FlagValues): Promise<number> {
  refuseTwoInputs(options);
  const families = options.family === 'all' ? FAMILIES : [options.family];
  const reading = { shared: options.filename ?? [], flags, families };
  const from = await readState({ words: options.from, option: '--from' }, reading);
  const to = await readState({ words: options.to, option: '--to' }, reading);
  const settings = await readSettings(flags);
  const layout = { name: options.layout, comments: options.comments };
  const regarded = families.filter((family) =>
    [from, to].every((state) => state.kind === 'scene' || state.programs.has(family)),
  );
  refuseNothingInCommon(regarded, from.name, to.name);
  for (const family of families) {
    if (regarded.includes(family) || ![from, to].some((state) => hasServices(state, family))) continue;
    warn(`${family} is not compared: one of the two has no such rules`);
  }
  // The kernel's rules are of this machine, with all its addresses.
  const host = [from, to].some(({ isOfThisMachine }) => isOfThisMachine) ? await hostFacts() : undefined;
  const pairs = regarded.map((family) => {
    const [ofFrom, ofTo] = [lendable(from, family, settings), lendable(to, family, settings)];
    return {
      before: rulesOnNode(from, family, { settings, layout, host, other: ofTo }),
      after: rulesOnNode(to, family, { settings, layout, host, other: ofFrom }),
    };
  });
  const difference = compareMeanings(
    pairs.map(({ before }) => meaningOf(before)),
    pairs.map(({ after }) => meaningOf(after)),
  );
  const names = { from: from.name, to: to.name };
  const rules = pairs.flatMap(
    ({ before, after }) => rulesDifference(before.program, after.program, names) ?? [],
  );
  const report = diffReport(names.from, names.to, difference, options.rules ? rules : null);
  await writeAll(process.stdout, [await textOf(report, options)]);
  return report.same ? 0 : FAILED;
}

async function textOf(report: DiffReport, { output, to }: DiffOptions): Promise<string> {
  switch (output) {
    case 'text':
      return diffText(report, paintOn(process.stdout));
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
    case 'markdown':
      return diffMarkdown(report);
    case 'github':
      return diffGithub(report, await places(to));
  }
}

/** Standard input was read already, and no annotation can stand there. */
async function places(paths: readonly string[]): Promise<(service: string) => Place | undefined> {
  const texts = await readManifestFiles(paths.filter((path) => !isSpecial(path) && path !== '-'));
  return (service) => servicePlace(texts, service);
}

async function readSettings(flags: FlagValues): Promise<ReturnType<typeof readConfig>['settings']> {
  const { config } = commandFlags(flags);
  const file = config === undefined ? {} : { file: await readConfigFile(config) };
  return readConfig({ ...file, flags }).settings;
}

function refuseTwoInputs({ from, to, filename = [] }: DiffOptions): void {
  const inputs = [...from, ...to, ...filename].filter((word) => word === '-' || word === 'rules:-');
  if (inputs.length < 2) return;
  const message = `expected one of them on standard input, got ${inputs.length}`;
  throw new InputError([{ where: '--from, --to, -f', path: '', message }]);
}

function refuseNothingInCommon(families: readonly Family[], from: string, to: string): void {
  if (families.length > 0) return;
  const message = `expected rules of the same family, got none that both ${from} and ${to} have`;
  throw new InputError([{ where: '--from, --to', path: '', message }]);
}
