/**
 * Whether resource version `one` is older than `other`. Versions are whole numbers in order; of any that
 * are not, nothing is claimed.
 */
export function isOlder(one: string, other: string): boolean {
  if (!/^\d+$/.test(one) || !/^\d+$/.test(other)) return false;
  return one.length === other.length ? one < other : one.length < other.length;
}
