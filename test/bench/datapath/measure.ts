import { CASE_NAMES, type CaseName } from './cases.ts';
import type { Transport } from './cluster.ts';
import type { Random } from './random.ts';
import { shuffled } from './random.ts';
import type { Stage } from './stage.ts';
import { forgetConnections } from './network.ts';
import { median } from './statistics.ts';

/** One configuration's figures for one case, a value for each round. */
export interface Series {
  readonly label: string;
  readonly name: CaseName;
  readonly transport: Transport;
  /** Microseconds: the median of a round's packets. */
  readonly typical: readonly number[];
  /** Microseconds: a round's first packet, which finds the caches cold. */
  readonly first: readonly number[];
  /** Packets that were not refused within the call that sent them; their times fall short. */
  readonly incomplete: number;
}

export interface MeasureOptions {
  readonly stages: readonly Stage[];
  readonly rounds: number;
  readonly packets: number;
  readonly random: Random;
}

interface Cell {
  readonly stage: Stage;
  readonly name: CaseName;
  readonly transport: Transport;
  readonly typical: number[];
  readonly first: number[];
  incomplete: number;
}

/**
 * Every round takes the cases in another order, and each case's rivals right after each other, in another
 * order too: whatever slows the machine for a second hits all of them.
 */
export async function measure({
  stages,
  rounds,
  packets,
  random,
}: MeasureOptions): Promise<readonly Series[]> {
  const contests = contestsOf(stages);
  for (let round = 0; round < rounds; round += 1) {
    for (const contest of shuffled(random, contests)) {
      for (const cell of shuffled(random, contest)) await sendBatch(cell, packets);
    }
    for (const { network } of stages) forgetConnections(network);
  }
  return contests.flat().map(({ stage, name, transport, typical, first, incomplete }) => ({
    label: stage.label,
    name,
    transport,
    typical,
    first,
    incomplete,
  }));
}

function contestsOf(stages: readonly Stage[]): readonly (readonly Cell[])[] {
  return CASE_NAMES.flatMap((name) =>
    (['tcp', 'udp'] as const).map((transport) =>
      stages
        .filter(({ cases }) => cases.some((each) => each.name === name && each.transport === transport))
        .map((stage): Cell => ({ stage, name, transport, typical: [], first: [], incomplete: 0 })),
    ),
  );
}

async function sendBatch(cell: Cell, packets: number): Promise<void> {
  const { name, transport } = cell;
  const { refused, times } = await cell.stage.probe.send({ name, transport, count: packets, wait: 5 });
  cell.incomplete += times.length - refused;
  cell.typical.push(median(times) / 1000);
  cell.first.push((times[0] ?? NaN) / 1000);
}
