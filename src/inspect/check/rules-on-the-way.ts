import type { ChainName } from '../../chains/names.ts';
import type { RulePlace } from '../fate.ts';
import type { InspectedMatch } from '../inspected-rule.ts';
import type { Program, ProgramRule } from '../program.ts';

/** The rule at a place; undefined where a policy decides. */
export function ruleAt(program: Program, { table, chain, rule }: RulePlace): ProgramRule | undefined {
  if (rule === 'policy') return undefined;
  return program.tables.get(table)?.chains.get(chain)?.rules[rule - 1];
}

/** The lists of `-m recent` that the packet's source was put on. */
export function listsRemembering(program: Program, path: readonly RulePlace[]): readonly ChainName[] {
  return matchesOn(program, path).flatMap((match) => (match.kind === 'rememberSource' ? [match.list] : []));
}

/** For how long the list that decided remembers, in seconds. */
export function secondsRemembered(
  program: Program,
  path: readonly RulePlace[],
  list: string,
): readonly number[] {
  return matchesOn(program, path).flatMap((match) =>
    match.kind === 'recentlySeen' && match.list === list ? [match.seconds] : [],
  );
}

function matchesOn(program: Program, path: readonly RulePlace[]): readonly InspectedMatch[] {
  return path.flatMap((place) => ruleAt(program, place)?.rule.matches ?? []);
}

/** The rule that sent a packet to an endpoint. */
export function dnatPlace(program: Program, path: readonly RulePlace[]): RulePlace | undefined {
  return path.find((place) => {
    const kind = ruleAt(program, place)?.rule.target?.kind;
    return kind === 'dnat' || kind === 'dnatAddress';
  });
}

/**
 * Where a rule is missing, the last one that led further towards it: for a destination in the nat table, for
 * acceptance in the filter table.
 */
export function lastPlace(path: readonly RulePlace[], table: 'nat' | 'filter'): RulePlace | undefined {
  const out = path.findIndex(({ chain }) => chain === 'POSTROUTING');
  const before = out < 0 ? path : path.slice(0, out);
  return before.findLast((place) => place.table === table) ?? before.at(-1);
}

/** The last rule on the way that left something to chance. */
export function dealingPlace(program: Program, path: readonly RulePlace[]): RulePlace | undefined {
  return path.findLast((place) => ruleAt(program, place)?.rule.matches.some(({ kind }) => kind === 'chance'));
}
