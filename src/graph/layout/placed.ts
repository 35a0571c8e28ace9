import type { Card, Edge } from '../picture.ts';
import { textWidth } from './text-width.ts';

/** A picture with every place worked out, in pixels. */
export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly cards: readonly PlacedCard[];
  readonly edges: readonly PlacedEdge[];
}

export interface PlacedCard {
  readonly card: Card;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedEdge {
  readonly edge: Edge;
  /** An SVG path. */
  readonly path: string;
  readonly end: Point;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const HEADER_HEIGHT = 42;
export const ROW_HEIGHT = 24;
export const PADDING = 11;
export const TITLE_SIZE = 11.5;
export const TEXT_SIZE = 12;
/** Between a row's words and what stands at its end. */
export const ASIDE_GAP = 10;
/** The mark before a row's words. */
export const BULLET = 12;
const NARROWEST = 128;
const WIDEST = 262;
const BOTTOM = 6;

export function cardHeight({ rows, leftOut }: Card): number {
  return HEADER_HEIGHT + (rows.length + (leftOut === '' ? 0 : 1)) * ROW_HEIGHT + BOTTOM;
}

/** The middle of a row, from the card's top. */
export function rowMiddle(row: number): number {
  return HEADER_HEIGHT + (row + 0.5) * ROW_HEIGHT;
}

/** Where jumps arrive, from the card's top. */
export const ARRIVAL = HEADER_HEIGHT / 2;

/** As wide as its texts want, within limits. */
export function wantedWidth({ title, subtitle, rows, leftOut }: Card): number {
  const texts = rows.map(({ words, aside }) => {
    const end = aside === '' ? 0 : ASIDE_GAP + textWidth(aside, 'sans', TEXT_SIZE);
    return BULLET + textWidth(words, 'sans', TEXT_SIZE) + end;
  });
  const widest = Math.max(
    textWidth(title, 'mono', TITLE_SIZE),
    textWidth(subtitle, 'sans', TEXT_SIZE),
    BULLET + textWidth(leftOut, 'sans', TEXT_SIZE),
    ...texts,
  );
  return Math.min(WIDEST, Math.max(NARROWEST, Math.ceil(widest + 2 * PADDING)));
}
