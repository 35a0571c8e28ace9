import type { LayoutSettings } from '../chains/layout-choice.ts';
import { chooseNode } from '../cluster/identity.ts';
import { commandFlags, type FlagValues } from '../config/flags.ts';
import { readConfig } from '../config/load.ts';
import { readConfigFile } from '../config/read-file.ts';
import { familiesOfDump, type FamilyDump } from '../explain/families-of-dump.ts';
import type { Question } from '../explain/explain.ts';
import type { Machine, Situation } from '../explain/situation.ts';
import { situationOfNode, type Rules } from '../explain/situation-of-node.ts';
import { viewOfRules, nodeAddressesInRules } from '../explain/view-of-rules.ts';
import { nodeFacts } from '../inspect/facts.ts';
import type { Program } from '../inspect/program.ts';
import { backendOf, type BackendKind } from '../iptables/backend.ts';
import { detectBackend } from '../iptables/detect-backend.ts';
import { savedLines } from '../iptables/saved-lines.ts';
import { ToolError } from '../iptables/tool.ts';
import type { Settings } from '../model/settings.ts';
import { FAMILIES, familyOf, isLoopback, type Family } from '../net/address.ts';
import { hostFacts } from '../node/host.ts';
import { listeners } from '../node/listeners.ts';
import { nodeView, type Host } from '../routing/node-view.ts';
import { liveScene } from './live-scene.ts';
import { nameOfInput, readInput } from './read-input.ts';
import { readProgram } from './saved-rules.ts';
import type { Scene } from '../routing/scene.ts';
import { dryHost, loadCluster } from './scene.ts';
import { warn } from './terminal.ts';

export interface SubjectOptions {
  readonly filename?: readonly string[] | undefined;
  /** undefined: `api`, where a cluster is asked for at all. */
  readonly source?: string | undefined;
  readonly live: boolean;
  readonly rules?: string | undefined;
  readonly layout: LayoutSettings;
  readonly family?: Family | undefined;
}

/** What packets are explained of, a family each. */
export interface Subject {
  readonly node: string;
  readonly rulesOf: string;
  readonly situations: readonly Situation[];
}

/** @throws InputError with everything that is wrong with what was read */
export async function readSubject(
  options: SubjectOptions,
  flags: FlagValues,
  question: Question,
): Promise<Subject> {
  const scene = await sceneFor(options, flags, question);
  scene?.warnings.forEach(warn);
  const settings = scene?.settings ?? (await readSettings(flags));
  const machine = options.live ? await hostFacts() : undefined;
  const host = machine ?? (scene && dryHost(scene.identity));
  // A family that the kernel has switched off has no rules, and needs none.
  const families = familiesFor(options, question).filter(
    (family) => family === 'ipv4' || machine?.ipv6Enabled !== false,
  );
  const found = await foundRules(options, families);
  const situations = families.flatMap((family): readonly Situation[] => {
    const program = found?.programs.get(family);
    if (found !== undefined && program === undefined) return [];
    const rules: Rules =
      program === undefined
        ? { kind: 'made', layout: options.layout }
        : { kind: 'found', program, machine: found?.machine };
    if (scene !== undefined && host !== undefined)
      return [situationOfNode({ ...scene, host }, family, rules)];
    return program === undefined
      ? []
      : [situationOfRules(family, settings, program, host, found?.machine, question)];
  });
  const name = found?.name ?? `${options.layout.name} layout`;
  return { node: scene?.identity.name ?? '', rulesOf: name, situations };
}

function familiesFor({ family }: SubjectOptions, question: Question): readonly Family[] {
  if (question.kind === 'destination') return [question.destination.address.includes(':') ? 'ipv6' : 'ipv4'];
  return family === undefined ? FAMILIES : [family];
}

/** The cluster and the node; undefined where rules are all there is. */
async function sceneFor(
  options: SubjectOptions,
  flags: FlagValues,
  question: Question,
): Promise<Scene | undefined> {
  const { filename, source, live, rules } = options;
  if (filename !== undefined) {
    const { cluster, settings, warnings } = await loadCluster({ filename, flags });
    const owner =
      question.kind === 'destination' && settings.hostnameOverride === undefined
        ? cluster.nodes.find(({ addresses }) => addresses.includes(question.destination.address))
        : undefined;
    if (owner !== undefined)
      return { cluster, settings, identity: { name: owner.name, node: owner }, warnings };
    const { identity, warnings: ofNode } = chooseNode(cluster, settings);
    return { cluster, settings, identity, warnings: [...warnings, ...ofNode] };
  }
  const { config, master } = commandFlags(flags);
  const isNamed = [source, config, master, flags.kubeconfig].some((value) => value !== undefined);
  const needsNone = rules !== undefined || (live && process.env.KUBERNETES_SERVICE_HOST === undefined);
  return needsNone && !isNamed ? undefined : await liveScene(source ?? 'api', flags, warn);
}

async function readSettings(flags: FlagValues): Promise<Settings> {
  const { config } = commandFlags(flags);
  const file = config === undefined ? {} : { file: await readConfigFile(config) };
  return readConfig({ ...file, flags }).settings;
}

/** A dump does not tell the addresses of its node; what is asked for and no service's counts as one. */
function situationOfRules(
  family: Family,
  settings: Settings,
  program: Program,
  host: Host | undefined,
  machine: Machine | undefined,
  question: Question,
): Situation {
  const asked = question.kind === 'destination' ? question.destination.address : undefined;
  const own = (host?.interfaceAddresses ?? nodeAddressesInRules(program, family, asked)).filter(
    (address) => familyOf(address) === family,
  );
  const known = host ?? { interfaceAddresses: own, conntrackLiberal: false };
  const view = nodeView(family, settings, { name: '', node: undefined }, known);
  const outer = own.filter((address) => !isLoopback(address));
  const facts = nodeFacts(own);
  return {
    view: viewOfRules(program, view, outer),
    facts,
    program,
    rulesAre: 'found',
    wanted: undefined,
    machine,
  };
}

interface FoundRules {
  readonly name: string;
  readonly programs: ReadonlyMap<Family, Program>;
  readonly machine: Machine | undefined;
}

async function foundRules(
  { live, rules, family }: SubjectOptions,
  families: readonly Family[],
): Promise<FoundRules | undefined> {
  if (live) return await kernelRules(families);
  if (rules === undefined) return undefined;
  const text = (await readInput(rules)).toString('latin1');
  const [only] = family === undefined ? [] : [family];
  const programs = programsOf(familiesOfDump(text.split('\n'), only), nameOfInput(rules));
  // A dump of the other family is no dump without rules.
  const missing = families.filter((each) => !programs.has(each));
  if (missing.length === families.length) warn(`${nameOfInput(rules)}: no ${families.join(' or ')} rules`);
  return { name: rules, programs, machine: undefined };
}

async function kernelRules(families: readonly Family[]): Promise<FoundRules> {
  const kind = await detectBackend();
  const other: BackendKind = kind === 'nft' ? 'legacy' : 'nft';
  const dumps: FamilyDump[] = [];
  let isMixed = false;
  for (const family of families) {
    dumps.push({ family, lines: await savedLines(backendOf(kind, family)) });
    isMixed ||= (await savedLines(backendOf(other, family)).catch(nothing)).some((line) =>
      line.startsWith('-A KUBE-S'),
    );
  }
  const ports = new Set(Array.from({ length: 65_535 }, (_, index) => index + 1));
  const machine = { listeners: await listeners(ports), otherStore: isMixed ? other : undefined };
  return { name: `the kernel (${kind})`, programs: programsOf(dumps, `iptables-${kind}-save`), machine };
}

/** Tools of the other store need not be there. */
function nothing(error: unknown): readonly string[] {
  if (error instanceof ToolError) return [];
  throw error;
}

function programsOf(dumps: readonly FamilyDump[], where: string): ReadonlyMap<Family, Program> {
  return new Map(dumps.map(({ family, lines }) => [family, readProgram(lines, family, where)]));
}
