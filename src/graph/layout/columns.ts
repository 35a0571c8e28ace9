import type { Card, Edge, Picture } from '../picture.ts';
import { ARRIVAL, cardHeight, rowMiddle } from './placed.ts';

/** What stands in a column: a card, or a jump on its way past. */
export interface Stop {
  readonly column: number;
  readonly card: Card | undefined;
  readonly height: number;
  /** Where the jumps that come here come from. */
  readonly arrivals: Arrival[];
}

interface Arrival {
  readonly from: Stop;
  /** From the top of `from`. */
  readonly offset: number;
}

/** A jump and the stops it connects, its card and its target among them. */
export interface Way {
  readonly edge: Edge;
  readonly stops: readonly Stop[];
}

export interface Columns {
  readonly columns: readonly (readonly Stop[])[];
  readonly ways: readonly Way[];
}

const PASSING_HEIGHT = 10;

/** Puts cards in columns, each to the right of all that lead to it, and in an order with few crossings. */
export function columnsOf({ cards, edges }: Picture): Columns {
  const depth = depths(cards, edges);
  const columns: Stop[][] = [];
  const add = (column: number, card: Card | undefined, height: number): Stop => {
    const stop: Stop = { column, card, height, arrivals: [] };
    while (columns.length <= column) columns.push([]);
    columns[column]?.push(stop);
    return stop;
  };
  const stops = new Map(cards.map((card) => [card.id, add(depth.get(card.id) ?? 0, card, cardHeight(card))]));
  const ways = edges.flatMap((edge): readonly Way[] => {
    const from = stops.get(edge.from);
    const to = stops.get(edge.to);
    if (from === undefined || to === undefined) return [];
    const passed: Stop[] = [from];
    for (let column = from.column + 1; column < to.column; column += 1) {
      passed.push(add(column, undefined, PASSING_HEIGHT));
    }
    return [{ edge, stops: [...passed, to] }];
  });
  for (const { edge, stops: passed } of ways) connect(edge, passed);
  return { columns: ordered(columns), ways };
}

function connect(edge: Edge, stops: readonly Stop[]): void {
  for (const [index, stop] of stops.entries()) {
    const from = stops[index - 1];
    if (from === undefined) continue;
    stop.arrivals.push({ from, offset: index === 1 ? rowMiddle(edge.row) : PASSING_HEIGHT / 2 });
  }
}

/** The longest way to each card; cards come in an order without jumps back. */
function depths(cards: readonly Card[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const depth = new Map(cards.map(({ id }) => [id, 0]));
  const leaving = Map.groupBy(edges, ({ from }) => from);
  for (const { id } of cards) {
    const next = (depth.get(id) ?? 0) + 1;
    for (const { to } of leaving.get(id) ?? []) depth.set(to, Math.max(depth.get(to) ?? 0, next));
  }
  return depth;
}

/** Each column by the middle of where its jumps come from; those to the left are in order already. */
function ordered(columns: readonly (readonly Stop[])[]): readonly (readonly Stop[])[] {
  const place = new Map<Stop, number>();
  return columns.map((stops) => {
    const wanted = new Map(stops.map((stop) => [stop, middleOfArrivals(stop, place)]));
    const sorted = [...stops].sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
    let top = 0;
    for (const stop of sorted) {
      place.set(stop, top);
      top += stop.height;
    }
    return sorted;
  });
}

function middleOfArrivals({ arrivals }: Stop, place: ReadonlyMap<Stop, number>): number {
  if (arrivals.length === 0) return 0;
  const sum = arrivals.reduce((total, { from, offset }) => total + (place.get(from) ?? 0) + offset, 0);
  return sum / arrivals.length;
}

/** Where the top of a stop should be for its jumps to come straight; undefined where none come. */
export function straightTop(stop: Stop, tops: ReadonlyMap<Stop, number>): number | undefined {
  if (stop.arrivals.length === 0) return undefined;
  return middleOfArrivals(stop, tops) - arrivalOffset(stop);
}

export function arrivalOffset({ card }: Stop): number {
  return card === undefined ? PASSING_HEIGHT / 2 : ARRIVAL;
}
