import { setTimeout as sleep } from 'node:timers/promises';
import { FAMILIES, type Family } from '../../../src/net/address.ts';
import type { Step } from './cluster.ts';
import { differentLines, differentRules, type DifferentLine } from './compare.ts';
import { markerChanges, showsMarker } from './marker.ts';
import { makeStage, type Side, type Stage, type StageOptions } from './stage.ts';

/* Runs a sequence of steps on both nodes, and compares them after each. */

/** Where the two differ for the first time. */
export interface Disagreement {
  /** Its index in the sequence. */
  readonly at: number;
  readonly where: Family | 'the answers to health checks';
  readonly lines: readonly DifferentLine[];
}

/** A proxy that has not shown a step by now never will. Machines of CI are slow. */
const MOST_TRIES = 300;
/** Readings, after the marker has shown: one table may be read just before it is written. */
const MOST_READINGS = 20;
const MOST_ANSWERS = 100;
/** Milliseconds. */
const PAUSE = 100;

export async function runSequence(
  options: StageOptions,
  steps: readonly Step[],
): Promise<Disagreement | undefined> {
  await using stage = await makeStage(options);
  let known: Step | undefined;
  for (const [at, step] of steps.entries()) {
    for (const side of [stage.theirs, stage.ours]) await side.setAddresses(step.interfaceAddresses);
    stage.apply([...step.changes, ...markerChanges(at)], step);
    known = await startProxies(stage, step, known);
    for (const family of FAMILIES) {
      const lines = await comparedRules(stage, { at, family, zone: step.node.zone });
      if (lines.length > 0) return { at, where: family, lines };
    }
    if (step.node.isGone) continue;
    if (known.interfaceAddresses.join() !== step.interfaceAddresses.join()) await stage.theirs.restart();
    known = step;
    const lines = await comparedHealthChecks(stage);
    if (lines.length > 0) return { at, where: 'the answers to health checks', lines };
  }
  return undefined;
}

/**
 * kube-proxy reads some things when it starts and goes on with those when they change, where we follow them:
 *
 * - the node's addresses: its sources say that it should end then (OnNodeChange in pkg/proxy/node.go);
 * - the addresses of the interfaces, where health-check ports are opened (newServiceHealthServer in
 *   pkg/proxy/healthcheck): of one that is gone since it opens the port nowhere. Its rules do follow them.
 *
 * So it is started anew when they have changed, but not while the node is gone, for which it would wait.
 *
 * @param known the step of which it knows these things
 * @returns the same after this step
 */
async function startProxies({ theirs, ours }: Stage, step: Step, known: Step | undefined): Promise<Step> {
  if (known === undefined) {
    await Promise.all([theirs.restart(), ours.restart()]);
    return step;
  }
  if (step.restart === 'ours') await ours.restart();
  const hasToLearn = known.node.addresses.join() !== step.node.addresses.join();
  if (step.node.isGone || !(hasToLearn || step.restart === 'theirs')) return known;
  await theirs.restart();
  return step;
}

interface Awaited {
  readonly at: number;
  readonly family: Family;
  readonly zone: string | undefined;
}

async function comparedRules(stage: Stage, awaited: Awaited): Promise<readonly DifferentLine[]> {
  const { theirs, ours, config } = stage;
  const late = await Promise.all([settled(theirs, awaited), settled(ours, awaited)]);
  if (late.some((line) => line !== undefined)) return late.filter((line) => line !== undefined);
  return await untilAlike(async () => {
    const rules = await Promise.all([theirs.read(awaited.family), ours.read(awaited.family)]);
    return differentRules(...rules, config);
  }, MOST_READINGS);
}

/** Both open and close their ports soon after the rules, and later where they have just started. */
async function comparedHealthChecks({ theirs, ours }: Stage): Promise<readonly DifferentLine[]> {
  return await untilAlike(
    async () => differentLines(...(await Promise.all([theirs.healthChecks(), ours.healthChecks()]))),
    MOST_ANSWERS,
  );
}

async function untilAlike(
  compare: () => Promise<readonly DifferentLine[]>,
  most: number,
): Promise<readonly DifferentLine[]> {
  let lines: readonly DifferentLine[] = [];
  for (let reading = 0; reading < most; reading += 1) {
    if (reading > 0) await sleep(PAUSE);
    lines = await compare();
    if (lines.length === 0) break;
  }
  return lines;
}

/** Waits until a proxy has seen a step; tells it where it does not, with the end of its log. */
async function settled(side: Side, { at, family, zone }: Awaited): Promise<DifferentLine | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    if (showsMarker(await side.read(family), { step: at, zone, family })) return undefined;
    await side.keepRunning();
    await sleep(PAUSE);
  }
  const log = side.log().trimEnd().split('\n').slice(-8).join('\n');
  return { of: side.name, line: `the rules of an earlier step; its log ends:\n${log}` };
}
