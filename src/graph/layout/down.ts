import type { Edge, Picture } from '../picture.ts';
import { ARRIVAL, cardHeight, rowMiddle, type Placed, type PlacedCard, type PlacedEdge } from './placed.ts';

const CARD_GAP = 14;
const MARGIN = 6;
/** Beside the cards, for the jumps. */
const GUTTER = 46;
const FLATTEST = 10;
const DEEPEST = 40;

/**
 * Places a picture for a narrow page: one card below the other, the jumps swinging out on the right, the
 * longer the further.
 */
export function down({ cards, edges }: Picture, width: number): Placed {
  const cardWidth = width - MARGIN - GUTTER;
  const placed = new Map<string, PlacedCard>();
  let top = MARGIN;
  for (const card of cards) {
    const height = cardHeight(card);
    placed.set(card.id, { card, x: MARGIN, y: top, width: cardWidth, height });
    top += height + CARD_GAP;
  }
  const jumps = edges.flatMap((edge) => jumpOf(edge, placed)).sort((a, b) => lengthOf(a) - lengthOf(b));
  return {
    width,
    height: Math.max(0, top - CARD_GAP) + MARGIN,
    cards: [...placed.values()],
    edges: jumps.map((jump, rank) => placedJump(jump, MARGIN + cardWidth, (rank + 1) / jumps.length)),
  };
}

interface Jump {
  readonly edge: Edge;
  readonly start: number;
  readonly end: number;
}

function jumpOf(edge: Edge, placed: ReadonlyMap<string, PlacedCard>): readonly Jump[] {
  const from = placed.get(edge.from);
  const to = placed.get(edge.to);
  if (from === undefined || to === undefined) return [];
  return [{ edge, start: from.y + rowMiddle(edge.row), end: to.y + ARRIVAL }];
}

function lengthOf({ start, end }: Jump): number {
  return Math.abs(end - start);
}

/** @param part of the gutter that it swings out: 0 to 1 */
function placedJump({ edge, start, end }: Jump, x: number, part: number): PlacedEdge {
  const swing = Math.min(lengthOf({ edge, start, end }) / 2, FLATTEST + (DEEPEST - FLATTEST) * part);
  const side = Math.round(x + swing);
  const bend = Math.min(swing, lengthOf({ edge, start, end }) / 2);
  const path = `M${x} ${start}H${x + 1}Q${side} ${start} ${side} ${start + bend}V${end - bend}Q${side} ${end} ${x} ${end}`;
  return { edge, path, end: { x, y: end } };
}
