import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fatesOf } from '../../src/inspect/evaluate.ts';
import { nodeFacts } from '../../src/inspect/facts.ts';
import type { Packet } from '../../src/inspect/packet.ts';
import { programOfSave } from '../../src/inspect/program.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { runTool } from '../../src/iptables/tool.ts';
import { startLab, type Lab } from '../../src/lab/lab.ts';
import { NODE } from '../../src/lab/topology.ts';
import { ADDRESSES, filterTable, incoming } from '../support/random-programs.ts';
import { sceneOf } from './lab/scenes.ts';

/*
 * Random rules in FORWARD, and one packet through each set of them: the kernel's counters say which rules
 * matched, and these must be the path that the evaluator says.
 */

const RULESETS = 80;
/** Shorter than a second, after which TCP would ask again and be counted twice. */
const SILENCE = 200;

const SCENE = sceneOf([
  { name: 'web', spec: { clusterIP: '10.96.0.10', ports: [{ port: 80 }] }, here: ADDRESSES },
]);
/** Answers are none of the packets that are counted. */
const LET_ANSWERS_BY = '-A FORWARD -m conntrack ! --ctstate NEW -j ACCEPT';

/** Without chances, of which no counter tells what might have been, and with lists that are still empty. */
function certain(lines: readonly string[], number: number): readonly string[] {
  const [table = '', ...others] = lines.map((line) =>
    line
      .replace(/^(:|-A )INPUT/, '$1FORWARD')
      .replace(/ -m statistic --mode random --probability \S+/, '')
      .replace('--name L ', `--name L${number} `),
  );
  const rules = others.findIndex((line) => line.startsWith('-A'));
  const at = rules < 0 ? others.length - 1 : rules;
  return [table, ...others.slice(0, at), LET_ANSWERS_BY, ...others.slice(at)];
}

describe.each<BackendKind>(['nft', 'legacy'])('counters of %s', (backend) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(SCENE, { backend });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  it('count the rules that the evaluator takes a packet through', async () => {
    const arbitrary = fc
      .tuple(filterTable(4), incoming)
      .filter(([, { source, destination }]) => source !== destination);
    const samples = fc.sample(arbitrary, { numRuns: RULESETS, seed: 7 });
    const met = new Set<string>();
    for (const [index, [lines, sample]] of samples.entries()) {
      const rules = certain(lines, index);
      const saved = await countersAfter(lab, rules, sample);
      // A node's forwarded packets have no mark yet.
      const packet: Packet = { ...sample, inInterface: interfaceOf(lab, sample), mark: 0 };
      const [fate, ...others] = fatesOf(
        programOfSave(saved, 'ipv4'),
        packet,
        nodeFacts(lab.topology.node.addresses),
      );
      expect(others).toEqual([]);
      const counted = countsIn(saved);
      const predicted = countPlaces([
        ...(fate?.path ?? [])
          .filter(({ table }) => table === 'filter')
          .map(({ chain, rule }) => `${chain} ${rule}`),
        ...(endsByPolicy(fate?.outcome) ? ['FORWARD policy'] : []),
      ]);
      expect(counted, saved.join('\n')).toEqual(predicted);
      for (const [place] of predicted) met.add(place.replace(/ \d+/, ''));
    }
    expect([...met].sort()).toEqual(['A', 'B', 'C', 'D', 'FORWARD', 'FORWARD policy']);
  });
});

type MaybeOutcome = ReturnType<typeof fatesOf>[number]['outcome'] | undefined;

function endsByPolicy(outcome: MaybeOutcome): boolean {
  if (outcome?.kind === 'delivered') return !outcome.accepted;
  return outcome?.by.rule === 'policy';
}

function interfaceOf({ topology }: Lab, { source }: Packet): string {
  const pod = topology.pods.find(({ addresses }) => addresses.includes(source));
  if (pod === undefined) throw new Error(`nobody has ${source}`);
  return pod.hostInterface;
}

/** Loads the rules in place of all others of the table, sends the packet, and saves with counters. */
async function countersAfter(lab: Lab, rules: readonly string[], packet: Packet): Promise<readonly string[]> {
  const { restore, save } = backendOf(lab.backend, 'ipv4', lab.via(NODE));
  await runTool(restore, { input: [`${rules.join('\n')}\n`] });
  const { destination: address, destinationPort: port, protocol, source } = packet;
  if (protocol !== 'sctp')
    await lab.request({ from: `pod:${source}`, to: { address, port, protocol }, timeout: SILENCE });
  const lines: string[] = [];
  await runTool([...save, '-c', '-t', 'filter'], { onLine: (line) => lines.push(line) });
  return lines;
}

/** How often each place was met, but for the rule that lets answers by. */
function countsIn(saved: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const positions = new Map<string, number>();
  for (const line of saved) {
    const [, packets, chain = ''] = /^\[(\d+):\d+\] -A (\S+)/.exec(line) ?? [];
    const policy = /^:FORWARD \S+ \[(\d+):/.exec(line)?.[1];
    if (policy !== undefined && policy !== '0') counts.set('FORWARD policy', Number(policy));
    if (packets === undefined) continue;
    const position = (positions.get(chain) ?? 0) + 1;
    positions.set(chain, position);
    if (packets !== '0' && !line.endsWith(LET_ANSWERS_BY))
      counts.set(`${chain} ${position}`, Number(packets));
  }
  return counts;
}

function countPlaces(places: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return counts;
}
