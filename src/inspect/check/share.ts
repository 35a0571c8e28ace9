import type { Fraction } from '../fraction.ts';

/** More than enough for a tolerance of 1e-9, and less than a double holds. */
const BITS = 50;

/**
 * A probability as a number, to an absolute error of 2^-50. With a thousand endpoints the fraction has
 * thousands of digits, of which only the first few are looked at.
 */
export function shareOf({ numerator, bits }: Fraction): number {
  if (bits <= BITS) return Number(numerator) / 2 ** bits;
  return Number(numerator >> BigInt(bits - BITS)) / 2 ** BITS;
}
