/**
 * Pearson's statistic: how far counts are from what shares promise. Under the promise it is about as
 * large as its degrees of freedom, one less than there are shares.
 *
 * @param shares of 1, none of them 0
 */
export function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return shares.reduce((sum, share, index) => {
    const expected = share * total;
    return sum + ((counts[index] ?? 0) - expected) ** 2 / expected;
  }, 0);
}

/** The normal deviate that is exceeded with probability 0.001. */
export const ONE_IN_A_THOUSAND = 3.0902;
/** The normal deviate that is exceeded with probability 0.000001. */
export const ONE_IN_A_MILLION = 4.7534;

/**
 * What the statistic exceeds with the probability of a normal deviate, by the approximation of Wilson
 * and Hilferty. It comes out small: by 2 or 3 % at one in a thousand, by up to 10 % at one in a million.
 */
export function chiSquareCritical(degreesOfFreedom: number, deviate: number): number {
  const spread = 2 / (9 * degreesOfFreedom);
  return degreesOfFreedom * (1 - spread + deviate * Math.sqrt(spread)) ** 3;
}
