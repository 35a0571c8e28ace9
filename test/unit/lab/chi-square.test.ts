import { describe, expect, it } from 'vitest';
import {
  chiSquare,
  chiSquareCritical,
  ONE_IN_A_MILLION,
  ONE_IN_A_THOUSAND,
} from '../../../src/lab/chi-square.ts';

describe('chiSquare', () => {
  it('is nothing where counts are what shares promise', () => {
    expect(chiSquare([300, 300], [0.5, 0.5])).toBe(0);
  });

  it('is the sum of squared distances over what was promised', () => {
    // (44 - 50)² / 50 + (56 - 50)² / 50
    expect(chiSquare([44, 56], [0.5, 0.5])).toBeCloseTo(1.44);
  });
});

describe('chiSquareCritical', () => {
  it.each([
    [1, ONE_IN_A_THOUSAND, 10.828, 0.04],
    [2, ONE_IN_A_THOUSAND, 13.816, 0.03],
    [9, ONE_IN_A_THOUSAND, 27.877, 0.01],
    [2, ONE_IN_A_MILLION, 27.631, 0.1],
  ])('for %d degrees of freedom comes near the tables', (degrees, deviate, exact, error) => {
    const ratio = chiSquareCritical(degrees, deviate) / exact;
    expect(Math.abs(ratio - 1)).toBeLessThan(error);
  });
});
