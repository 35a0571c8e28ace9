import type { Mark } from '../chains/rule.ts';
import { add, type Fraction } from './fraction.ts';
import type { RulePlace } from './fate.ts';
import type { ProgramChain } from './program.ts';

/** One of the ways that a packet may have come so far, and how likely it is. */
export interface Branch {
  readonly probability: Fraction;
  readonly mark: Mark;
  readonly seen: ReadonlySet<string> | undefined;
  readonly path: Step | undefined;
}

/** A rule that matched. Branches share the steps that they have in common. */
export interface Step {
  readonly chain: ProgramChain;
  /** From 0. */
  readonly position: number;
  readonly before: Step | undefined;
}

/**
 * Puts together those that nothing tells apart any more, with the path of the first. Without it, rules
 * that divide packets and let them all go on would double the branches each.
 */
export function merged(branches: readonly Branch[]): readonly Branch[] {
  if (branches.length < 2) return branches;
  const byTraits = new Map<string, Branch>();
  for (const branch of branches) {
    const key = traitsKey(branch);
    const before = byTraits.get(key);
    const probability =
      before === undefined ? branch.probability : add(before.probability, branch.probability);
    byTraits.set(key, { ...(before ?? branch), probability });
  }
  return [...byTraits.values()];
}

/** Equal for branches that no later rule can tell apart. */
export function traitsKey({ mark, seen }: Pick<Branch, 'mark' | 'seen'>): string {
  return seen === undefined ? String(mark) : `${mark} ${[...seen].sort().join(' ')}`;
}

export function placeOf(chain: ProgramChain, position: number): RulePlace {
  return { table: chain.table, chain: chain.name, rule: position + 1 };
}

export function pathOf(last: Step | undefined): readonly RulePlace[] {
  const places: RulePlace[] = [];
  for (let step = last; step !== undefined; step = step.before)
    places.push(placeOf(step.chain, step.position));
  return places.reverse();
}
