/** Past so many services comparing with the kernel costs less than delta after delta does. */
export const MOST_DELTA_SERVICES = 2_000;
/** Services in one delta: the rules of all, old and new, are in memory at once. */
const DELTA_SERVICES = 500;

/** Parts of so many services that one delta may have; at least one part, be it empty. */
export function* batches(services: ReadonlySet<string>): Iterable<ReadonlySet<string>> {
  const all = [...services];
  let start = 0;
  do {
    yield new Set(all.slice(start, start + DELTA_SERVICES));
    start += DELTA_SERVICES;
  } while (start < all.length);
}
