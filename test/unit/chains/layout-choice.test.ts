import { expect, test } from 'vitest';
import { layoutFor, type LayoutName, type ListLengths } from '../../../src/chains/layout-choice.ts';

/** A node of so many service ports, with a few endpoints each. */
const ports = (servicePorts: number): ListLengths => ({ servicePorts, mostEndpoints: 10 });

test('what the operator names is taken, however many services there are', () => {
  expect(layoutFor('classic', ports(20_000), 'indexed')).toBe('classic');
  expect(layoutFor('indexed', ports(0), 'classic')).toBe('indexed');
});

test('a node that nothing is known of begins classic between the borders', () => {
  expect(layoutFor('auto', ports(250), undefined)).toBe('classic');
  expect(layoutFor('auto', ports(300), undefined)).toBe('indexed');
});

test('a node that grows and shrinks changes once each way', () => {
  const sizes = [0, 199, 200, 299, 300, 301, 299, 300, 250, 201, 200, 199, 201, 299];
  const layouts: LayoutName[] = [];
  let current: LayoutName | undefined;
  for (const size of sizes) {
    current = layoutFor('auto', ports(size), current);
    layouts.push(current);
  }
  const changes = layouts.filter((layout, index) => index > 0 && layout !== layouts[index - 1]);
  expect(changes).toEqual(['indexed', 'classic']);
  expect(layouts.at(-1)).toBe('classic');
});

test('one service of many endpoints counts as much as many services', () => {
  const one = (mostEndpoints: number): ListLengths => ({ servicePorts: 1, mostEndpoints });
  expect(layoutFor('auto', one(299), undefined)).toBe('classic');
  expect(layoutFor('auto', one(300), undefined)).toBe('indexed');
  expect(layoutFor('auto', one(200), 'indexed')).toBe('indexed');
  expect(layoutFor('auto', one(199), 'indexed')).toBe('classic');
});
