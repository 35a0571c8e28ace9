import { describe, expect, it } from 'vitest';
import { distinctNumbers, randomNumbers, shuffled } from '../../bench/datapath/random.ts';
import { median, pairedRatio, quantile, summary } from '../../bench/datapath/statistics.ts';

describe('quantile', () => {
  it('goes between the two values that are nearest', () => {
    expect(quantile([40, 10, 20, 30], 0.25)).toBe(17.5);
  });

  it('compares numbers, not texts', () => {
    expect(median([9, 10, 100])).toBe(10);
  });

  it('of nothing is no number', () => {
    expect(median([])).toBeNaN();
  });

  it('leaves the values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('summary', () => {
  it('holds the middle half of the rounds', () => {
    expect(summary([1, 2, 3, 4, 100])).toEqual({ median: 3, low: 2, high: 4, rounds: 5 });
  });
});

describe('pairedRatio', () => {
  it('compares each round with the same round of the rival', () => {
    // The machine was slower by the round, for both: the ratio is 2 all the same.
    expect(pairedRatio([20, 200, 2000], [10, 100, 1000]).median).toBe(2);
  });

  it('refuses rivals of fewer rounds', () => {
    expect(() => pairedRatio([1, 2], [1])).toThrow(RangeError);
  });
});

describe('random numbers', () => {
  it('are the same for the same seed, and others for another', () => {
    const take = (seed: number): readonly number[] => distinctNumbers(randomNumbers(seed), 20, 1_000_000);
    expect(take(1)).toEqual(take(1));
    expect(take(1)).not.toEqual(take(2));
  });

  it('shuffle without losing any', () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    const mixed = shuffled(randomNumbers(7), values);
    expect(mixed).not.toEqual(values);
    expect(mixed.toSorted((a, b) => a - b)).toEqual(values);
  });

  it('spread over the whole range', () => {
    const random = randomNumbers(3);
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 4_000; draw += 1) {
      const at = random(4);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
