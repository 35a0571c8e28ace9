import type { Edge, Picture } from '../picture.ts';

/** A rule in a picture, by the positions of its card and its row. */
export interface Spot {
  readonly card: number;
  readonly row: number;
}

export type Direction = 'up' | 'down' | 'follow' | 'back' | 'first' | 'last';

/** Where a key leads; where it leads nowhere, the spot itself. */
export function moved(picture: Picture, at: Spot, direction: Direction): Spot {
  switch (direction) {
    case 'up':
      return step(picture, at, -1);
    case 'down':
      return step(picture, at, 1);
    case 'first':
      return { card: at.card, row: 0 };
    case 'last':
      return { card: at.card, row: Math.max(0, rowCount(picture, at.card) - 1) };
    case 'follow':
      return followed(picture, at) ?? at;
    case 'back':
      return caller(picture, at) ?? at;
  }
}

/** What was left out counts as a row: it can be asked for. */
function rowCount({ cards }: Picture, card: number): number {
  const { rows, leftOut } = cards[card] ?? { rows: [], leftOut: '' };
  return rows.length + (leftOut === '' ? 0 : 1);
}

function step(picture: Picture, at: Spot, by: 1 | -1): Spot {
  const row = at.row + by;
  if (row >= 0 && row < rowCount(picture, at.card)) return { card: at.card, row };
  for (let card = at.card + by; card >= 0 && card < picture.cards.length; card += by) {
    const count = rowCount(picture, card);
    if (count > 0) return { card, row: by > 0 ? 0 : count - 1 };
  }
  return at;
}

function followed(picture: Picture, at: Spot): Spot | undefined {
  const id = picture.cards[at.card]?.id;
  const edge = picture.edges.find(({ from, row }) => from === id && row === at.row);
  const card = edge === undefined ? -1 : picture.cards.findIndex((candidate) => candidate.id === edge.to);
  return card < 0 || rowCount(picture, card) === 0 ? undefined : { card, row: 0 };
}

/** Of several rules that lead to the card, the one most connections come from. */
function caller(picture: Picture, at: Spot): Spot | undefined {
  const id = picture.cards[at.card]?.id;
  let best: Edge | undefined;
  for (const edge of picture.edges) {
    if (edge.to === id && (best === undefined || weight(edge) > weight(best))) best = edge;
  }
  if (best === undefined) return undefined;
  const { from, row } = best;
  return { card: picture.cards.findIndex((card) => card.id === from), row };
}

function weight({ reach, conditional }: Edge): number {
  return conditional ? 0 : reach;
}

/** The first rule that tells of the text, or the first of the card that does; undefined where none does. */
export function spotHolding({ cards }: Picture, text: string): Spot | undefined {
  const spots = cards.flatMap(({ rows }, card) => rows.map(({ words }, row) => ({ card, row, words })));
  const byCard = cards.findIndex(({ title, subtitle }) => title === text || subtitle === text);
  if (byCard >= 0) return { card: byCard, row: 0 };
  const byRow = spots.find(({ words }) => words.includes(text));
  return byRow === undefined ? undefined : { card: byRow.card, row: byRow.row };
}
