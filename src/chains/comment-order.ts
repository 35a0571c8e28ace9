import { commentBorder, type CommentBorder, type Place, type PlacedCount } from './comments.ts';

/** The services of a node in the order of their places, kept so that a change costs little. */
export interface CommentOrder {
  readonly set: (place: Place, endpointCount: number) => void;
  readonly delete: (place: Place) => void;
  readonly border: () => CommentBorder;
  /** The places from one border up to another: those whose comments come or go between the two. */
  readonly between: (one: CommentBorder, other: CommentBorder) => readonly Place[];
}

export function commentOrder(initial: Iterable<PlacedCount>): CommentOrder {
  const counts = new Map<Place, number>();
  let total = 0;
  for (const { place, endpointCount } of initial) {
    counts.set(place, endpointCount);
    total += endpointCount;
  }
  const places = [...counts.keys()].sort();

  const indexOf = (place: Place): number => {
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((places[middle] ?? place) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  function* inOrder() {
    for (const place of places) yield { place, endpointCount: counts.get(place) ?? 0 };
  }

  return {
    set: (place, endpointCount) => {
      const before = counts.get(place);
      if (before === undefined) places.splice(indexOf(place), 0, place);
      total += endpointCount - (before ?? 0);
      counts.set(place, endpointCount);
    },
    delete: (place) => {
      const before = counts.get(place);
      if (before === undefined) return;
      places.splice(indexOf(place), 1);
      total -= before;
      counts.delete(place);
    },
    border: () => commentBorder(inOrder(), total),
    between: (one, other) => {
      const [from, to] = [indexOf(one), indexOf(other)].sort((a, b) => a - b);
      return places.slice(from, to);
    },
  };
}
