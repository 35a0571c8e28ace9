/* One contest in namespaces of its own: contest.ts packets FAMILY SERVICES ROUNDS BATCH, or contest.ts syncs
   SERVICES FULL-ROUNDS ROUNDS PATIENT, where PATIENT is 1 or 0. Prints what it found as JSON. */
import { loadavg } from 'node:os';
import type { Family } from '../../../src/net/address.ts';
import { prepareNode } from '../own-node.ts';
import { benchCluster } from './cluster.ts';
import { CONFIGURATIONS, labelOf } from './configurations.ts';
import { measure, type Series } from './measure.ts';
import { randomNumbers } from './random.ts';
import type { PacketContest, SyncContest } from './results.ts';
import { buildStage, type Stage } from './stage.ts';
import { syncContest } from './sync/contest.ts';

const [part, ...args] = process.argv.slice(2);
prepareNode();
const found = part === 'syncs' ? await syncs(args.map(Number)) : await packets(args);
process.stdout.write(JSON.stringify(found));

async function packets([family, ...numbers]: readonly string[]): Promise<PacketContest> {
  const [services = 0, rounds = 0, batch = 0] = numbers.map(Number);
  const cluster = benchCluster(family as Family, services);
  const stages: Stage[] = [];
  let series: readonly Series[];
  try {
    for (const configuration of CONFIGURATIONS) {
      const start = performance.now();
      stages.push(await buildStage({ configuration, cluster }));
      say(`${labelOf(configuration)} loaded and proved in ${seconds(start)}`);
    }
    const start = performance.now();
    series = await measure({ stages, rounds, packets: batch, random: randomNumbers(services) });
    say(`${rounds} rounds measured in ${seconds(start)}`);
  } finally {
    for (const stage of stages) await stage.remove();
  }
  return { family: cluster.family, services, load: loadavg()[0] ?? NaN, series };
}

async function syncs([
  services = 0,
  fullRounds = 0,
  rounds = 0,
  patient = 0,
]: readonly number[]): Promise<SyncContest> {
  const series = await syncContest({ services, fullRounds, rounds, patient: patient === 1, say });
  return { services, load: loadavg()[0] ?? NaN, series };
}

function say(line: string): void {
  console.error(`  ${line}`);
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
