import { expect, test } from 'vitest';
import { layoutFor, type LayoutName } from '../../../src/chains/layout-choice.ts';

test('what the operator names is taken, however many services there are', () => {
  expect(layoutFor('classic', 20_000, 'indexed')).toBe('classic');
  expect(layoutFor('indexed', 0, 'classic')).toBe('indexed');
});

test('a node that nothing is known of begins classic between the borders', () => {
  expect(layoutFor('auto', 250, undefined)).toBe('classic');
  expect(layoutFor('auto', 300, undefined)).toBe('indexed');
});

test('a node that grows and shrinks changes once each way', () => {
  const sizes = [0, 199, 200, 299, 300, 301, 299, 300, 250, 201, 200, 199, 201, 299];
  const layouts: LayoutName[] = [];
  let current: LayoutName | undefined;
  for (const size of sizes) {
    current = layoutFor('auto', size, current);
    layouts.push(current);
  }
  const changes = layouts.filter((layout, index) => index > 0 && layout !== layouts[index - 1]);
  expect(changes).toEqual(['indexed', 'classic']);
  expect(layouts.at(-1)).toBe('classic');
});
