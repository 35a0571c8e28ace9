import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneIn } from '../../../src/chains/chance.ts';
import type { Chance } from '../../../src/chains/rule.ts';
import { add, equal, left, ONE, sum, taken, toNumber, ZERO } from '../../../src/inspect/fraction.ts';

const chance = fc.integer({ min: 1, max: 2 ** 31 }).map((value) => value as Chance);

describe('fractions', () => {
  it('lose nothing: what is taken and what is left make the whole', () => {
    fc.assert(
      fc.property(fc.array(chance, { maxLength: 40 }), (chances) => {
        let rest = ONE;
        const parts = chances.map((each) => {
          const part = taken(rest, each);
          rest = left(rest, each);
          return part;
        });
        return equal(sum([...parts, rest]), ONE);
      }),
    );
  });

  it('tell apart what differs by the smallest chance', () => {
    const smallest = 1 as Chance;
    expect(equal(add(taken(ONE, smallest), left(ONE, smallest)), ONE)).toBe(true);
    expect(equal(left(ONE, smallest), ONE)).toBe(false);
    expect(equal(ZERO, taken(ONE, smallest))).toBe(false);
  });

  it('become the numbers that they are', () => {
    expect(toNumber(ZERO)).toBe(0);
    expect(toNumber(ONE)).toBe(1);
    expect(toNumber(taken(taken(ONE, oneIn(2)), oneIn(4)))).toBe(0.125);
    expect(toNumber(sum([taken(ONE, oneIn(2)), taken(ONE, oneIn(4))]))).toBe(0.75);
  });

  it('become numbers where numerator and denominator alone are beyond any double', () => {
    let rest = ONE;
    for (let count = 3000; count > 1; count -= 1) rest = left(rest, oneIn(count));
    expect(rest.numerator.toString(2).length).toBeGreaterThan(60_000);
    expect(toNumber(rest) * 3000).toBeCloseTo(1, 6);
  });
});
