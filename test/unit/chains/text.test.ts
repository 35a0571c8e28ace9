import { describe, expect, it } from 'vitest';
import { chanceText, oneIn } from '../../../src/chains/chance.ts';
import { ruleText } from '../../../src/chains/text.ts';

describe('a chance', () => {
  it.each([
    [2, '0.50000000000'],
    [3, '0.33333333349'],
    [7, '0.14285714272'],
    [40, '0.02499999991'],
    [2048, '0.00048828125'],
  ])('of one in %i is printed as the kernel gives it back', (count, text) =>
    expect(chanceText(oneIn(count))).toBe(text),
  );

  it('is read back as itself, up to 5,000 endpoints', () => {
    for (let count = 1; count <= 5000; count += 1) {
      const chance = oneIn(count);
      expect(Math.round(Number(chanceText(chance)) * 2 ** 31)).toBe(chance);
    }
  });
});

describe('a rule as text', () => {
  it('refuses a comment that could end its quotes or its line', () => {
    for (const text of ['a"b', 'a\nb', 'a\\b', '%', 'é', '', 'a'.repeat(256)]) {
      expect(() => ruleText({ matches: [{ kind: 'comment', text }] })).toThrow(TypeError);
    }
  });

  it('prints the highest mark bit as a positive number', () => {
    expect(ruleText({ matches: [], target: { kind: 'setMark', mark: 2 ** 31 } })).toBe(
      '-j MARK --set-xmark 0x80000000/0x80000000',
    );
  });
});
