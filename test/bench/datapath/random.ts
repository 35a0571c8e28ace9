/** Whole numbers from 0 to below `limit`, the same ones at each run: mulberry32. */
export type Random = (limit: number) => number;

export function randomNumbers(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** So many different numbers below `limit`. */
export function distinctNumbers(random: Random, count: number, limit: number): readonly number[] {
  const found = new Set<number>();
  while (found.size < count) found.add(random(limit));
  return [...found];
}

/** All of them in another order (Fisher and Yates). */
export function shuffled<Value>(random: Random, values: readonly Value[]): readonly Value[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = random(last + 1);
    [result[last], result[other]] = [result[other] as Value, result[last] as Value];
  }
  return result;
}
