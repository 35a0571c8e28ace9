import type { LayoutName } from '../../src/chains/layout-choice.ts';
import { rulesetOf } from '../../src/chains/layout.ts';
import type { Ruleset } from '../../src/chains/rule.ts';
import type { Scene } from '../../src/routing/scene.ts';
import { chooseNode } from '../../src/cluster/identity.ts';
import { conntrackCommand } from '../../src/conntrack/tool.ts';
import { fatesOf } from '../../src/inspect/evaluate.ts';
import { nodeFacts, remembering } from '../../src/inspect/facts.ts';
import type { Fate } from '../../src/inspect/fate.ts';
import { toNumber } from '../../src/inspect/fraction.ts';
import type { Packet } from '../../src/inspect/packet.ts';
import { programOf, programOfSave, type Program } from '../../src/inspect/program.ts';
import { applyRuleset } from '../../src/iptables/applier.ts';
import { backendOf } from '../../src/iptables/backend.ts';
import { runTool } from '../../src/iptables/tool.ts';
import type { Expectation } from '../../src/lab/expectation.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { Outcome } from '../../src/lab/protocol.ts';
import { routesOf } from '../../src/lab/rules.ts';
import { NODE } from '../../src/lab/topology.ts';
import { judge } from '../../src/lab/verdict.ts';
import { joinHostPort, type Family } from '../../src/net/address.ts';
import { loadCase, type Case } from '../support/cases.ts';
import { outcomeInWords, pathInWords } from '../support/fate-words.ts';
import { expectationOf, kindOf } from './evaluator-expectation.ts';
import { tripsIn, type Trip } from './evaluator-trips.ts';

export function sceneOfCase(folder: Case): Scene {
  const { cluster, settings } = loadCase(folder);
  return { cluster, settings, identity: chooseNode(cluster, settings).identity, warnings: [] };
}

/** What was predicted, and where the kernel did otherwise. */
export interface Comparison {
  readonly packets: number;
  readonly requests: number;
  /** How many packets met which kind of fate. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly disagreements: readonly string[];
}

/** The same rules twice: as they were made, and as the kernel gives them back. */
interface Programs {
  readonly made: Program;
  readonly kept: Program;
}

/** Puts a scene's rules into its lab, sends packets, and holds what becomes of them against the fates. */
export async function compare(lab: Lab, scene: Scene, layout: LayoutName): Promise<Comparison> {
  const programs = await writeRules(lab, scene, layout);
  await forgetClients(lab);
  let facts = nodeFacts(lab.topology.node.addresses);
  let packets = 0;
  let requests = 0;
  const kinds = new Map<string, number>();
  const disagreements: string[] = [];

  const remember = (
    packet: Packet,
    fates: readonly Fate[],
    program: Program,
    outcomes: readonly Outcome[],
  ): void => {
    for (const outcome of outcomes) {
      const list = outcome.kind === 'arrived' ? listOfArrival(outcome.endpoint, fates, program) : undefined;
      if (list !== undefined) facts = remembering(facts, list, packet.source);
    }
  };
  const play = async (trip: Trip, { made, kept }: Programs, isSecond: boolean): Promise<void> => {
    const { packet } = trip;
    const fates = fatesOf(kept, packet, facts);
    const inKernel = fatesInWords(fates, kept);
    const asMade = fatesInWords(fatesOf(made, packet, facts), made);
    if (asMade !== inKernel)
      disagreements.push(`${nameOf(trip)}: as made ${asMade}, in the kernel ${inKernel}`);
    const expectation = expectationOf(fates, packet, lab.topology);
    if (expectation === undefined) return;
    // The first request of a client decides for its others, and for where they can be expected.
    const decides = !isSecond && fates.length > 1 && fates.some((fate) => listsOf(fate, kept).length > 0);
    const outcomes = await request(lab, trip, expectation, decides ? 1 : requestsFor(expectation));
    remember(packet, fates, kept, outcomes);
    requests += outcomes.length;
    disagreements.push(...complaintsAbout(trip, expectation, outcomes, lab));
    if (decides) return play(trip, { made, kept }, true);
    packets += 1;
    for (const kind of new Set(fates.map(({ outcome }) => kindOf(outcome))))
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  };

  const byPlace = Map.groupBy(tripsIn(lab), ({ from }) => from);
  await Promise.all(
    [...byPlace.values()].map(async (trips) => {
      for (const trip of trips) {
        const both = programs.get(trip.packet.family);
        if (both !== undefined) await play(trip, both, false);
      }
    }),
  );
  return { packets, requests, kinds, disagreements };
}

async function writeRules(
  lab: Lab,
  scene: Scene,
  layout: LayoutName,
): Promise<ReadonlyMap<Family, Programs>> {
  const programs = new Map<Family, Programs>();
  for (const { view, services } of routesOf(scene, lab.topology)) {
    const ruleset = rulesetOf({ name: layout, comments: 'auto' }, services, view);
    await applyRuleset(ruleset, backendOf(lab.backend, view.family, lab.via(NODE)));
    programs.set(view.family, { made: programOf(ruleset), kept: await savedProgram(ruleset, lab) });
  }
  return programs;
}

async function savedProgram({ family }: Ruleset, lab: Lab): Promise<Program> {
  const lines: string[] = [];
  await runTool(backendOf(lab.backend, family, lab.via(NODE)).save, { onLine: (line) => lines.push(line) });
  return programOfSave(lines, family);
}

/**
 * Lists of clients outlive rules that are replaced, and so do connections: a datagram from a port that was
 * used before would go where the old rules have sent it.
 */
async function forgetClients(lab: Lab): Promise<void> {
  await runTool(conntrackCommand(lab.via(NODE), '-F'));
  const script = 'for list in /proc/net/xt_recent/*; do [ ! -e "$list" ] || echo / > "$list"; done';
  await runTool([...lab.via(NODE), 'sh', '-c', script]);
}

function listOfArrival(endpoint: string, fates: readonly Fate[], program: Program): string | undefined {
  const fate = fates.find(
    ({ outcome }) => outcome.kind === 'delivered' && joinHostPort(outcome.address, outcome.port) === endpoint,
  );
  return fate === undefined ? undefined : listsOf(fate, program)[0];
}

/** The lists that the client is put into on this way. */
function listsOf({ path }: Fate, program: Program): readonly string[] {
  return path.flatMap(({ table, chain, rule }) => {
    const rules = program.tables.get(table)?.chains.get(chain)?.rules;
    const matches = rule === 'policy' ? [] : (rules?.[rule - 1]?.rule.matches ?? []);
    return matches.flatMap((match) => (match.kind === 'rememberSource' ? [match.list] : []));
  });
}

function fatesInWords(fates: readonly Fate[], program: Program): string {
  return fates
    .map((fate) => {
      const share = toNumber(fate.probability);
      return `${share} ${outcomeInWords(fate.outcome, program)} by ${pathInWords(fate, program).join(', ')}`;
    })
    .sort()
    .join('; ');
}

/** So many that an endpoint is left out by chance once in ten million. */
function requestsFor(expectation: Expectation): number {
  return expectation.kind === 'arrives' ? 16 * expectation.at.length + 8 : 3;
}

function request(
  lab: Lab,
  { from, packet, protocol }: Trip,
  { kind }: Expectation,
  count: number,
): Promise<readonly Outcome[]> {
  return lab.request({
    from,
    to: { address: packet.destination, port: packet.destinationPort, protocol },
    count,
    timeout: kind === 'dropped' ? 1_500 : 3_000,
    ...(kind === 'arrives' ? { enoughTimeouts: 3 } : {}),
  });
}

function complaintsAbout(
  trip: Trip,
  expectation: Expectation,
  outcomes: readonly Outcome[],
  { topology }: Lab,
): readonly string[] {
  const { packet, protocol } = trip;
  const check = {
    service: nameOf(trip),
    protocol,
    source: { kind: 'outside', address: packet.source, hostInterface: packet.inInterface },
    destination: { kind: 'clusterIP', address: packet.destination, port: packet.destinationPort },
    expectation,
    rivals: [],
  } as const;
  const { complaints } = judge(check, outcomes, topology.node.addresses);
  return complaints.map((complaint) => `${check.service}: ${complaint}`);
}

function nameOf({ from, protocol, packet }: Trip): string {
  return `${from} to ${joinHostPort(packet.destination, packet.destinationPort)}/${protocol}`;
}
