import type { Layout } from '../chains/layout.ts';
import type { NodeView } from '../routing/node-view.ts';

export function haveSameKeys(
  one: ReadonlyMap<string, unknown>,
  other: ReadonlyMap<string, unknown>,
): boolean {
  return one.size === other.size && [...one.keys()].every((key) => other.has(key));
}

/** Both are plain data. */
export function isSame<Value extends NodeView | Layout>(one: Value, other: Value): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
