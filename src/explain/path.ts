import { toNumber } from '../inspect/fraction.ts';
import type { Fate, Outcome, RulePlace } from '../inspect/fate.ts';
import type { Program } from '../inspect/program.ts';
import { stepOf, type Step } from './step.ts';

/** A packet's way through the rules: what all its fates share is told once. */
export interface Path {
  readonly before: readonly Step[];
  readonly branches: readonly Branch[];
  /** Once they have met again. */
  readonly after: readonly Step[];
}

export interface Branch {
  /** 0 to 1. */
  readonly share: number;
  readonly outcome: Outcome;
  readonly steps: readonly Step[];
}

export function explainPath(program: Program, fates: readonly Fate[]): Path {
  const ways = fates.map(placesOf);
  const [first = []] = ways;
  const before = fates.length === 1 ? first.length : sharedLength(ways, (way, index) => way[index]);
  const rests = ways.map((way) => way.slice(before));
  const after = fates.length === 1 ? 0 : sharedLength(rests, (way, index) => way.at(-1 - index));
  const steps = (places: readonly RulePlace[]): readonly Step[] =>
    places.map((place) => stepOf(program, place));
  return {
    before: steps(first.slice(0, before)),
    branches: fates.map(({ probability, outcome }, index) => ({
      share: toNumber(probability),
      outcome,
      steps: steps((rests[index] ?? []).slice(0, (rests[index] ?? []).length - after)),
    })),
    after: steps(after === 0 ? [] : first.slice(-after)),
  };
}

/** A policy is where a packet ends, without having matched a rule there. */
function placesOf({ path, outcome }: Fate): readonly RulePlace[] {
  if (outcome.kind === 'delivered') return path;
  const last = path.at(-1);
  const isTold = last !== undefined && keyOf(last) === keyOf(outcome.by);
  return isTold ? path : [...path, outcome.by];
}

function sharedLength(
  ways: readonly (readonly RulePlace[])[],
  at: (way: readonly RulePlace[], index: number) => RulePlace | undefined,
): number {
  const longest = Math.min(...ways.map((way) => way.length));
  for (let index = 0; index < longest; index += 1) {
    const keys = new Set(ways.map((way) => keyOf(at(way, index))));
    if (keys.size > 1) return index;
  }
  return ways.length === 0 ? 0 : longest;
}

function keyOf(place: RulePlace | undefined): string {
  return place === undefined ? '' : `${place.table} ${place.chain} ${place.rule}`;
}
