import type { ProgramChain } from '../program.ts';

/** A jump or goto from one chain to another. */
export interface Call {
  readonly target: string;
  /** The number of the rule, from 1. */
  readonly rule: number;
}

/** In the order of rules, each target once: a dispatch chain may jump to one chain very often. */
export function findCalls({ rules }: ProgramChain): readonly Call[] {
  const calls = new Map<string, Call>();
  rules.forEach(({ rule: { target } }, index) => {
    if (target?.kind !== 'jump' && target?.kind !== 'goto') return;
    if (!calls.has(target.chain)) calls.set(target.chain, { target: target.chain, rule: index + 1 });
  });
  return [...calls.values()];
}
