import { pickFrom, type Random } from '../../support/crowd.ts';

/* Short forms for what is drawn by chance. */

export function chance(random: Random, share: number): boolean {
  return random() < share;
}

/** From `least` to `most`, both included. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** Some of them, in their order. */
export function someOf<Value>(values: readonly Value[], random: Random, share: number): readonly Value[] {
  return values.filter(() => chance(random, share));
}

/** So many of them at most, in any order, and never one twice. */
export function drawn<Value>(values: readonly Value[], random: Random, most: number): readonly Value[] {
  const left = [...values];
  return Array.from({ length: between(random, 0, most) }, () => {
    const value = pickFrom(left, random);
    left.splice(left.indexOf(value), 1);
    return value;
  });
}
