import { parseArgs } from 'node:util';
import { FAMILIES, type Family } from '../../../src/net/address.ts';

/** What is measured, and how often. */
export interface BenchOptions {
  /** Few sizes and rounds: to see that it works, and which way figures go. */
  readonly quick: boolean;
  readonly parts: readonly Part[];
  /** Numbers of services, by family. */
  readonly packets: Readonly<Record<Family, readonly number[]>>;
  readonly rounds: number;
  /** First packets of one batch. */
  readonly batch: number;
  /** Numbers of services whose syncs are measured. */
  readonly syncs: readonly number[];
  readonly fullRounds: number;
  readonly syncRounds: number;
  /** Also loads that take minutes. */
  readonly patient: boolean;
}

export type Part = 'packets' | 'syncs';

const PARTS: readonly Part[] = ['packets', 'syncs'];

/** About ten minutes on two processors. */
const THOROUGH: BenchOptions = {
  quick: false,
  parts: PARTS,
  packets: { ipv4: [100, 1_000, 5_000, 10_000, 20_000], ipv6: [100, 1_000, 10_000] },
  rounds: 15,
  batch: 128,
  syncs: [1_000, 5_000, 10_000],
  fullRounds: 3,
  syncRounds: 7,
  patient: false,
};

/** About a minute. */
const QUICK: BenchOptions = {
  quick: true,
  parts: PARTS,
  packets: { ipv4: [100, 1_000], ipv6: [1_000] },
  rounds: 9,
  batch: 64,
  syncs: [1_000],
  fullRounds: 2,
  syncRounds: 5,
  patient: false,
};

export const USAGE = `run.ts [--quick] [--only packets|syncs] [--family ipv4|ipv6] [--services 100,1000,...]
  [--rounds N] [--batch N] [--sync-services 1000,...] [--full-rounds N] [--sync-rounds N] [--patient]`;

/** @throws Error that says what is wrong with the arguments */
export function readOptions(args: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      patient: { type: 'boolean', default: false },
      only: text,
      family: text,
      services: text,
      rounds: text,
      batch: text,
      'sync-services': text,
      'full-rounds': text,
      'sync-rounds': text,
    },
  });
  const base = values.quick ? QUICK : THOROUGH;
  const sizes = (family: Family): readonly number[] => {
    if (values.family !== undefined && oneOf('--family', values.family, FAMILIES) !== family) return [];
    return numbers('--services', values.services) ?? base.packets[family];
  };
  return {
    quick: values.quick,
    parts: values.only === undefined ? base.parts : [oneOf('--only', values.only, PARTS)],
    packets: { ipv4: sizes('ipv4'), ipv6: sizes('ipv6') },
    rounds: count('--rounds', values.rounds) ?? base.rounds,
    batch: count('--batch', values.batch) ?? base.batch,
    syncs: numbers('--sync-services', values['sync-services']) ?? base.syncs,
    fullRounds: count('--full-rounds', values['full-rounds']) ?? base.fullRounds,
    syncRounds: count('--sync-rounds', values['sync-rounds']) ?? base.syncRounds,
    patient: values.patient,
  };
}

function oneOf<Name extends string>(flag: string, value: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value);
  if (found === undefined) throw new Error(`${flag}: expected ${names.join(' or ')}, got "${value}"`);
  return found;
}

function count(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new Error(`${flag}: expected a number above 0, got "${value}"`);
  return Number(value);
}

function numbers(flag: string, value: string | undefined): readonly number[] | undefined {
  return value?.split(',').map((each) => count(flag, each) ?? NaN);
}
