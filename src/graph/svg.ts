import { escapeMarkup } from './escape.ts';
import {
  ASIDE_GAP,
  BULLET,
  HEADER_HEIGHT,
  PADDING,
  ROW_HEIGHT,
  rowMiddle,
  TEXT_SIZE,
  TITLE_SIZE,
  type Placed,
  type PlacedCard,
  type PlacedEdge,
} from './layout/placed.ts';
import { fitted, textWidth } from './layout/text-width.ts';
import type { Card, Picture, Row } from './picture.ts';
import type { RulePlace } from './rule-graph.ts';
import { PICTURE_STYLE } from './theme.ts';

export interface DrawingOptions {
  /** The text of a rule, shown where somebody points at it; undefined: nothing is. */
  readonly ruleText?: (place: RulePlace) => string;
  /** Every row can be pressed and says who it is. */
  readonly interactive?: boolean;
  /** Pixels of a line that all connections take. */
  readonly thickest?: number;
}

const HEADING_HEIGHT = 72;
const MARGIN = 24;
const NARROWEST = 480;
const KEY = 'A line’s width is the part of the connections that take it. Dashed: for some clients only.';

/** A picture that stands on its own: its heading, its style, its ground. */
export function svgDocument(picture: Picture, placed: Placed, options: DrawingOptions): string {
  const width = Math.max(NARROWEST, placed.width) + 2 * MARGIN;
  const height = placed.height + HEADING_HEIGHT + 2 * MARGIN;
  const textRoom = width - 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="p" width="${width}" height="${height}"`,
    ` viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escapeMarkup(picture.title)}</title>`,
    `<desc id="description">${escapeMarkup(picture.subtitle)}</desc>`,
    `<style>${PICTURE_STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})">`,
    text('title', 0, 18, fitted(picture.title, 'sans', 18, textRoom)),
    text('muted', 0, 40, fitted(picture.subtitle, 'sans', TEXT_SIZE, textRoom)),
    text('muted', 0, 58, fitted(KEY, 'sans', TEXT_SIZE, textRoom)),
    `<g transform="translate(0 ${HEADING_HEIGHT})">${drawing(placed, options)}</g></g></svg>\n`,
  ].join('');
}

/** The lines and cards themselves. */
export function drawing({ cards, edges }: Placed, options: DrawingOptions): string {
  // Thick lines below thin ones, and all below the cards.
  const lines = [...edges]
    .sort((a, b) => b.edge.reach - a.edge.reach)
    .map((line) => lineMarkup(line, options.thickest ?? THICKEST));
  return lines.join('') + cards.map((card) => cardMarkup(card, options)).join('');
}

const THINNEST = 1;
const THICKEST = 8;

function lineMarkup({ edge, path, end }: PlacedEdge, thickest: number): string {
  const kind = edge.conditional ? ' conditional' : '';
  // Of a jump with conditions no weight is known.
  const width = edge.conditional ? 1.5 : THINNEST + (thickest - THINNEST) * edge.reach;
  const radius = Math.max(2.5, width / 2 + 1);
  const ends = `data-from="${escapeMarkup(edge.from)}" data-row="${edge.row}" data-to="${escapeMarkup(edge.to)}"`;
  return (
    `<path class="line${kind}" d="${path}" stroke-width="${rounded(width)}" ${ends}/>` +
    `<circle class="arrival${kind}" cx="${end.x}" cy="${end.y}" r="${rounded(radius)}"/>`
  );
}

function cardMarkup({ card, x, y, width, height }: PlacedCard, options: DrawingOptions): string {
  const room = width - 2 * PADDING;
  const label = escapeMarkup(`${card.title}, ${card.subtitle}`);
  const rows = card.rows.map((row, index) => rowMarkup(row, { index, card: card.id, width }, options));
  return [
    `<g class="chain" role="group" aria-label="${label}" data-card="${escapeMarkup(card.id)}" transform="translate(${x} ${y})">`,
    `<rect class="card" width="${width}" height="${height}" rx="7"/>`,
    `<path class="head-${card.tone}" d="M0 ${HEADER_HEIGHT}V7Q0 0 7 0H${width - 7}Q${width} 0 ${width} 7V${HEADER_HEIGHT}Z"/>`,
    text('mono', PADDING, 17, fitted(card.title, 'mono', TITLE_SIZE, room)),
    text('muted', PADDING, 33, fitted(card.subtitle, 'sans', TEXT_SIZE, room)),
    ...rows,
    card.leftOut === '' ? '' : leftOutMarkup(card, width, options),
    `<rect class="frame" width="${width}" height="${height}" rx="7"/></g>`,
  ].join('');
}

/** Can be asked for where the card is of one chain: it stands below the rules and counts as one. */
function leftOutMarkup({ id, chain, rows, leftOut }: Card, width: number, options: DrawingOptions): string {
  const row: Row = { words: leftOut, aside: '', tone: 'plain', place: undefined, opens: undefined };
  const canAsk = options.interactive === true && chain !== undefined;
  return rowMarkup(row, { index: rows.length, card: id, width }, { interactive: canAsk }, 'left-out');
}

interface RowPlace {
  readonly index: number;
  readonly card: string;
  readonly width: number;
}

function rowMarkup(
  row: Row,
  { index, card, width }: RowPlace,
  options: DrawingOptions,
  kind = `row-${row.tone}`,
): string {
  const { words, aside, place } = row;
  const middle = rowMiddle(index);
  const asideWidth = aside === '' ? 0 : ASIDE_GAP + textWidth(aside, 'sans', TEXT_SIZE);
  const room = width - 2 * PADDING - BULLET - asideWidth;
  const whole = aside === '' ? words : `${words}, ${aside}`;
  const identity =
    options.interactive === true
      ? ` role="button" tabindex="-1" aria-label="${escapeMarkup(whole)}" data-of="${escapeMarkup(card)}" data-index="${index}"`
      : '';
  const title =
    options.ruleText === undefined || place === undefined
      ? ''
      : `<title>${escapeMarkup(options.ruleText(place))}</title>`;
  return [
    `<g class="row ${kind}"${identity}>${title}`,
    `<rect class="hit" x="1" y="${middle - ROW_HEIGHT / 2}" width="${width - 2}" height="${ROW_HEIGHT}"/>`,
    `<circle class="bullet" cx="${PADDING + 3}" cy="${middle}" r="3"/>`,
    text('words', PADDING + BULLET, middle + 4, fitted(words, 'sans', TEXT_SIZE, room)),
    aside === '' ? '' : text('muted end', width - PADDING, middle + 4, aside),
    '</g>',
  ].join('');
}

function text(className: string, x: number, y: number, content: string): string {
  return `<text class="${className}" x="${x}" y="${y}">${escapeMarkup(content)}</text>`;
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
