import { rulesetOf } from '../chains/layout.ts';
import type { LayoutChoice, LayoutSettings } from '../chains/layout-choice.ts';
import type { CommentPolicy } from '../chains/comments.ts';
import type { FlagValues } from '../config/flags.ts';
import { checkReport, type FamilyFindings } from '../inspect/check/report.ts';
import { prove, type Proof } from '../inspect/check/proof.ts';
import { structureFaults } from '../inspect/check/structure.ts';
import { checkText } from '../inspect/check/text.ts';
import { programOf, type Program } from '../inspect/program.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import { hostFacts } from '../node/host.ts';
import { liveScene } from './live-scene.ts';
import { InputError } from '../problems/problem.ts';
import { nodeView, type Host } from '../routing/node-view.ts';
import { clusterRoutes } from '../routing/routes.ts';
import { FAILED } from './exit-codes.ts';
import { writeAll } from './output.ts';
import { nameOfInput } from './read-input.ts';
import { readKernelRules, readSavedRules, type SavedRules } from './saved-rules.ts';
import type { Scene } from '../routing/scene.ts';
import { dryHost, loadScene } from './scene.ts';
import { progressLine } from './progress.ts';
import { warn } from './terminal.ts';

export interface CheckOptions {
  /** Manifests; undefined: what `source` tells, or nothing. */
  readonly filename?: readonly string[] | undefined;
  /** `api`, or `dir:PATH`: the cluster where the kernel's rules are asked for without manifests. */
  readonly source: string;
  /** The kernel's rules are to be proven. */
  readonly live: boolean;
  /** A file of iptables-save, or `-`, to be proven. */
  readonly rules?: string | undefined;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly family: Family | 'all';
  readonly output: 'text' | 'json';
  /** Of counterexamples told in each family. */
  readonly limit: number;
}

/**
 * Proves that rules do what services want.
 *
 * @returns the exit code: 1 where they do not, else 0
 * @throws InputError with everything that is wrong with what was read
 */
export async function check(options: CheckOptions, flags: FlagValues): Promise<number> {
  const { limit, output } = options;
  const scene = await sceneOf(options, flags);
  scene?.warnings.forEach(warn);
  const host = scene && (options.live ? await hostFacts() : dryHost(scene.identity));
  const wanted: readonly Family[] = options.family === 'all' ? FAMILIES : [options.family];
  const subject = await subjectOf(options, scene, host, wanted);
  if (scene !== undefined && host !== undefined) warnOfMissing(scene, host, wanted, subject);
  const findings = subject.rules.map(({ program, othersRules }): FamilyFindings => {
    if (scene === undefined || host === undefined) {
      return { program, othersRules, faults: structureFaults(program), proof: undefined };
    }
    const proof = proven(program, scene, host, limit);
    return { program, othersRules, faults: proof.faults, proof };
  });
  const report = checkReport(scene?.identity.name ?? '', subject.name, findings, limit);
  await writeAll(process.stdout, [
    output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : checkText(report),
  ]);
  return report.verdict === 'refuted' ? FAILED : 0;
}

/** What the services want; undefined where nobody says. */
async function sceneOf(
  { filename, live, rules, source }: CheckOptions,
  flags: FlagValues,
): Promise<Scene | undefined> {
  if (filename?.includes('-') === true && rules === '-') {
    const message = 'expected one of the two on standard input, got both';
    throw new InputError([{ where: '-f -, --rules -', path: '', message }]);
  }
  if (filename !== undefined) return await loadScene({ filename, flags });
  if (live) return await liveScene(source, flags, warn);
  if (rules !== undefined) return undefined;
  const message = 'expected manifests by -f, or rules by --live or --rules';
  throw new InputError([{ where: 'check', path: '', message }]);
}

/** What is to be proven. */
interface Subject {
  readonly name: string;
  /** A family each. */
  readonly rules: readonly SavedRules[];
}

async function subjectOf(
  { live, rules, layout, comments }: CheckOptions,
  scene: Scene | undefined,
  host: Host | undefined,
  families: readonly Family[],
): Promise<Subject> {
  if (live) return await readKernelRules(families);
  if (rules !== undefined) return { name: nameOfInput(rules), rules: await readSavedRules(rules, families) };
  if (scene === undefined || host === undefined) return { name: '', rules: [] };
  const made = families.map((family) => ({
    program: renderedProgram(scene, host, family, { name: layout, comments }),
    othersRules: 0,
  }));
  return { name: `layout ${layout}`, rules: made };
}

/** A file may hold the rules of one family only. */
function warnOfMissing(scene: Scene, host: Host, wanted: readonly Family[], { name, rules }: Subject): void {
  for (const family of wanted) {
    if (rules.some(({ program }) => program.family === family)) continue;
    const view = nodeView(family, scene.settings, scene.identity, host);
    const count = clusterRoutes(scene.cluster, view).length;
    if (count > 0) warn(`${name} holds no ${family} rules: ${count} services are not proven in this family`);
  }
}

function renderedProgram(scene: Scene, host: Host, family: Family, layout: LayoutSettings): Program {
  const view = nodeView(family, scene.settings, scene.identity, host);
  return programOf(rulesetOf(layout, clusterRoutes(scene.cluster, view), view));
}

function proven(program: Program, scene: Scene, host: Host, limit: number): Proof {
  const { family } = program;
  const view = nodeView(family, scene.settings, scene.identity, host);
  const services = clusterRoutes(scene.cluster, view);
  using progress = progressLine();
  const proving = prove({ program, services, view, nodeAddresses: host.interfaceAddresses, limit });
  for (;;) {
    const step = proving.next();
    if (step.done === true) return step.value;
    const { done, all } = step.value;
    progress.show(`${family}: ${done} of ${all} service ports`);
  }
}
