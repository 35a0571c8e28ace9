import type { Chance } from '../chains/rule.ts';

/**
 * An exact fraction `numerator / 2^bits`. Chances in rules are multiples of 2^-31, so products and sums
 * of them need no other denominators. Not always reduced: compare with `equal`.
 */
export interface Fraction {
  readonly numerator: bigint;
  readonly bits: number;
}

export const ZERO: Fraction = { numerator: 0n, bits: 0 };
export const ONE: Fraction = { numerator: 1n, bits: 0 };

const CHANCE_BITS = 31;
const CERTAIN = 2 ** CHANCE_BITS;

/** The part of a fraction that a chance takes. */
export function taken(fraction: Fraction, chance: Chance): Fraction {
  return times(fraction, chance);
}

/** The part that it leaves. */
export function left(fraction: Fraction, chance: Chance): Fraction {
  return times(fraction, CERTAIN - chance);
}

/** Multiplies by `chance / 2^31`. Halves and quarters are common, so that reducing keeps numbers small. */
function times({ numerator, bits }: Fraction, chance: number): Fraction {
  if (chance === 0) return ZERO;
  const zeros = 31 - Math.clz32(chance & -chance);
  return { numerator: numerator * BigInt(chance / 2 ** zeros), bits: bits + CHANCE_BITS - zeros };
}

/** Reduced: what was divided and is put together again is as short as it was. */
export function add(a: Fraction, b: Fraction): Fraction {
  const bits = Math.max(a.bits, b.bits);
  const numerator = aligned(a, bits) + aligned(b, bits);
  const zeros = Math.min(bits, trailingZeros(numerator));
  return { numerator: numerator >> BigInt(zeros), bits: bits - zeros };
}

export function sum(fractions: Iterable<Fraction>): Fraction {
  let total = ZERO;
  for (const fraction of fractions) total = add(total, fraction);
  return total;
}

export function equal(a: Fraction, b: Fraction): boolean {
  const bits = Math.max(a.bits, b.bits);
  return aligned(a, bits) === aligned(b, bits);
}

/** The nearest number, to a relative error of 2^-52. */
export function toNumber({ numerator, bits }: Fraction): number {
  // A double holds 53 bits; a few more decide the rounding, all others only cost time.
  const surplus = Math.max(0, bitLength(numerator) - 64);
  return scaled(Number(numerator >> BigInt(surplus)), surplus - bits);
}

/** `value * 2^exponent`, also where `2^exponent` alone is out of a double's range. */
function scaled(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}

function aligned({ numerator, bits }: Fraction, to: number): bigint {
  return numerator << BigInt(to - bits);
}

/** 0 for 0. */
function trailingZeros(value: bigint): number {
  if (value === 0n || BigInt.asUintN(1, value) === 1n) return 0;
  return (value & -value).toString(2).length - 1;
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4;
}
