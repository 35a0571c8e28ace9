import { describe, expect, it } from 'vitest';
import { across } from '../../../src/graph/layout/across.ts';
import { down } from '../../../src/graph/layout/down.ts';
import type { Placed, PlacedCard } from '../../../src/graph/layout/placed.ts';
import { fitted, textWidth } from '../../../src/graph/layout/text-width.ts';
import { nodePicture } from '../../../src/graph/node-picture.ts';
import { dispatchOf } from '../../../src/graph/services.ts';
import { CASES, graphOfCase, LIMITS } from './drawing.ts';

function overlap(a: PlacedCard, b: PlacedCard): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function expectTidy({ cards, edges, width, height }: Placed): void {
  for (const [index, card] of cards.entries()) {
    expect(card.x).toBeGreaterThanOrEqual(0);
    expect(card.y).toBeGreaterThanOrEqual(0);
    expect(card.x + card.width).toBeLessThanOrEqual(width);
    expect(card.y + card.height).toBeLessThanOrEqual(height);
    expect(cards.slice(index + 1).filter((other) => overlap(card, other))).toEqual([]);
  }
  for (const { path } of edges) expect(path).not.toMatch(/NaN|undefined|Infinity/);
}

describe('a layout', () => {
  it.each(CASES.filter(({ name }) => name !== 'large-cluster/comments-dropped'))(
    'has every card in its place: $name',
    (folder) => {
      const graph = graphOfCase(folder, 'ipv4', 'indexed');
      const picture = nodePicture(graph, dispatchOf(graph), 'node-a', LIMITS);
      const wide = across(picture);
      expectTidy(wide);
      const places = new Map(wide.cards.map(({ card, x }) => [card.id, x]));
      for (const { edge } of wide.edges) {
        expect(places.get(edge.from)).toBeLessThan(places.get(edge.to) ?? 0);
      }
      const narrow = down(picture, 360);
      expectTidy(narrow);
      expect(narrow.width).toBe(360);
      expect(narrow.edges).toHaveLength(picture.edges.length);
    },
  );

  it('of nothing is nothing', () => {
    const nothing = { title: '', subtitle: '', cards: [], edges: [] };
    expect(across(nothing).cards).toEqual([]);
    expect(down(nothing, 300).height).toBeGreaterThan(0);
  });
});

describe('text', () => {
  it('is cut off where it is too wide, and fits then', () => {
    for (const text of ['a'.repeat(300), '日本語'.repeat(100), '😀'.repeat(80), 'a\nb'.repeat(99)]) {
      const cut = fitted(text, 'sans', 12, 120);
      expect(cut.endsWith('…')).toBe(true);
      expect(cut.isWellFormed()).toBe(true);
      expect(textWidth(cut, 'sans', 12)).toBeLessThanOrEqual(120);
    }
    expect(fitted('short', 'sans', 12, 120)).toBe('short');
  });
});
