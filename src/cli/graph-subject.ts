import type { LayoutSettings } from '../chains/layout-choice.ts';
import type { FlagValues } from '../config/flags.ts';
import { graphOfRuleset, withCounters } from '../graph/of-ruleset.ts';
import type { RuleGraph } from '../graph/rule-graph.ts';
import { graphOfSave, oneLineRules } from '../graph/save-text.ts';
import { ourParts } from '../inspect/check/our-part.ts';
import { backendOf } from '../iptables/backend.ts';
import { detectBackend } from '../iptables/detect-backend.ts';
import { savedLines } from '../iptables/saved-lines.ts';
import type { Family } from '../net/address.ts';
import { InputError } from '../problems/problem.ts';
import { primaryFamily } from '../routing/node-view.ts';
import { readInput } from './read-input.ts';
import { rulesetOf } from './render.ts';
import { loadScene } from './scene.ts';
import { warn } from './terminal.ts';

/** What is drawn. */
export interface Subject {
  readonly graph: RuleGraph;
  /** The node's name; empty where nobody says. */
  readonly node: string;
  /** When packets were counted, in words; undefined where they were not. */
  readonly counted: string | undefined;
}

export interface SubjectOptions {
  readonly filename?: readonly string[] | undefined;
  readonly live: boolean;
  readonly rules?: string | undefined;
  readonly layout: LayoutSettings;
  readonly family?: Family | undefined;
}

/** @throws InputError where nothing is given, or what is given cannot be read */
export async function readGraph(options: SubjectOptions, flags: FlagValues): Promise<Subject> {
  const { filename, live, rules } = options;
  if (filename !== undefined) return await ofManifests(filename, options, flags);
  if (rules !== undefined) return await ofFile(rules, options.family);
  if (live) return await ofKernel(options.family ?? 'ipv4');
  const message = 'expected manifests by -f, or rules by --live or --rules';
  throw new InputError([{ where: 'graph', path: '', message }]);
}

async function ofManifests(
  filename: readonly string[],
  { live, layout, family }: SubjectOptions,
  flags: FlagValues,
): Promise<Subject> {
  const scene = await loadScene({ filename, flags });
  scene.warnings.forEach(warn);
  const { settings, identity } = scene;
  const drawn = family ?? primaryFamily(settings, identity.node);
  const graph = graphOfRuleset(rulesetOf(scene, drawn, layout));
  const node = identity.name;
  if (!live) return { graph, node, counted: undefined };
  const kernel = await ofKernel(drawn);
  return { graph: withCounters(graph, kernel.graph), node, counted: kernel.counted };
}

async function ofKernel(family: Family): Promise<Subject> {
  const backend = backendOf(await detectBackend(), family);
  const lines: string[] = [];
  const counted = `packets counted until ${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  for (const table of ['filter', 'nat']) {
    lines.push(...(await savedLines(backend, '-c', '-t', table)).map(decoded));
  }
  const graph = graphOfSave(lines, family);
  warnIfBare(graph);
  return { graph, node: '', counted };
}

async function ofFile(path: string, asked: Family | undefined): Promise<Subject> {
  const bytes = await readInput(path);
  // Rules are told apart as bytes: some of Unicode's characters would end a line.
  const parts = ourParts(oneLineRules(bytes.toString('latin1').split('\n')), asked);
  const part = asked === undefined ? parts[0] : parts.find(({ family }) => family === asked);
  const family = part?.family ?? asked ?? 'ipv4';
  const graph = graphOfSave((part?.lines ?? []).map(decoded), family);
  warnIfBare(graph);
  const isCounted = [...graph.chains.values()].some(({ rules }) => rules[0]?.packets !== undefined);
  return { graph, node: '', counted: isCounted ? 'packets as counted in the dump' : undefined };
}

/** Bytes that were read one by one: what others wrote into comments is UTF-8 as a rule. */
function decoded(line: string): string {
  return Buffer.from(line, 'latin1').toString('utf8');
}

function warnIfBare({ family, chains }: RuleGraph): void {
  const isProgrammed = [...chains.values()].some(({ name }) => name.startsWith('KUBE-'));
  if (!isProgrammed) warn(`no service proxy has written these ${family} rules`);
}
