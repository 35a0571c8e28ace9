import type { Picture } from '../picture.ts';
import { arrivalOffset, columnsOf, straightTop, type Stop, type Way } from './columns.ts';
import {
  rowMiddle,
  wantedWidth,
  type Placed,
  type PlacedCard,
  type PlacedEdge,
  type Point,
} from './placed.ts';

const COLUMN_GAP = 46;
const CARD_GAP = 16;
const PASSING_GAP = 6;
/** Room for the ends of thick lines. */
const MARGIN = 6;

/** The x of a column's left side, and its width. */
interface Column {
  readonly left: number;
  readonly width: number;
}

/**
 * Places a picture from left to right: the kernel's chains first, endpoints last. A jump that skips columns
 * passes between the cards of those.
 */
export function across(picture: Picture): Placed {
  const { columns: stops, ways } = columnsOf(picture);
  const columns = columnPlaces(stops);
  const tops = new Map<Stop, number>();
  for (const column of stops) placeColumn(column, tops);
  const all = stops.flat();
  const cards = all.flatMap((stop): readonly PlacedCard[] => {
    const { card, column, height } = stop;
    const { left: x, width } = columns[column] ?? { left: 0, width: 0 };
    return card === undefined ? [] : [{ card, x, y: tops.get(stop) ?? 0, width, height }];
  });
  const last = columns.at(-1);
  return {
    width: (last === undefined ? 0 : last.left + last.width) + MARGIN,
    height: Math.max(0, ...all.map((stop) => (tops.get(stop) ?? 0) + stop.height)) + MARGIN,
    cards,
    edges: ways.map((way) => placedWay(way, tops, columns)),
  };
}

function columnPlaces(stops: readonly (readonly Stop[])[]): readonly Column[] {
  let left = MARGIN;
  return stops.map((column) => {
    const widths = column.map(({ card }) => (card === undefined ? 0 : wantedWidth(card)));
    const place = { left, width: Math.max(0, ...widths) };
    left += place.width + COLUMN_GAP;
    return place;
  });
}

/** As high as its jumps want each stop, but below the one before. */
function placeColumn(stops: readonly Stop[], tops: Map<Stop, number>): void {
  const places: number[] = [];
  let lowest = MARGIN;
  let shift = 0;
  for (const stop of stops) {
    const wanted = straightTop(stop, tops) ?? lowest;
    const top = Math.max(lowest, wanted);
    places.push(top);
    shift += wanted - top;
    lowest = top + stop.height + (stop.card === undefined ? PASSING_GAP : CARD_GAP);
  }
  // Those that were pushed down pull all a little up, as far as there is room.
  const up = Math.max(MARGIN - (places[0] ?? MARGIN), Math.min(0, shift / Math.max(1, stops.length)));
  for (const [index, stop] of stops.entries()) tops.set(stop, Math.round((places[index] ?? 0) + up));
}

function placedWay(
  { edge, stops }: Way,
  tops: ReadonlyMap<Stop, number>,
  columns: readonly Column[],
): PlacedEdge {
  let path = '';
  let end: Point = { x: 0, y: 0 };
  for (const [index, stop] of stops.entries()) {
    const { left, width } = columns[stop.column] ?? { left: 0, width: 0 };
    const top = tops.get(stop) ?? 0;
    if (index === 0) {
      end = { x: left + width, y: top + rowMiddle(edge.row) };
      path = `M${end.x} ${end.y}`;
      continue;
    }
    const arrival = { x: left, y: top + arrivalOffset(stop) };
    const middle = (end.x + arrival.x) / 2;
    path += `C${middle} ${end.y} ${middle} ${arrival.y} ${arrival.x} ${arrival.y}`;
    end = arrival;
    if (stop.card !== undefined) continue;
    end = { x: left + width, y: arrival.y };
    path += `H${end.x}`;
  }
  return { edge, path, end };
}
