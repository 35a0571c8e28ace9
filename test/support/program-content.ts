import type { InspectedRule } from '../../src/inspect/inspected-rule.ts';
import type { Program } from '../../src/inspect/program.ts';

interface ChainContent {
  readonly name: string;
  readonly policy: string | undefined;
  readonly rules: readonly InspectedRule[];
}

/** What a program holds, in an order of its own: two that are equal here mean the same. */
export function contentOf({ tables }: Program): readonly { name: string; chains: readonly ChainContent[] }[] {
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
    a.name < b.name ? -1 : 1;
  return [...tables.values()]
    .map(({ name, chains }) => ({
      name,
      chains: [...chains.values()]
        .map(({ name, policy, rules }) => ({ name, policy, rules: rules.map(({ rule }) => rule) }))
        .sort(byName),
    }))
    .sort(byName);
}
