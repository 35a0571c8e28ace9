import type { ProgramChain } from '../program.ts';

/** A jump or goto from one chain to another. */
export interface Call {
  readonly target: string;
  /** The number of the rule, from 1. */
  readonly rule: number;
}

/** Of each chain by its name. */
export type Calls = ReadonlyMap<string, readonly Call[]>;

export function callsIn(chains: Iterable<ProgramChain>): Calls {
  return new Map(Array.from(chains, (chain) => [chain.name, findCalls(chain)]));
}

/** In the order of rules, each target once: a dispatch chain may jump to one chain very often. */
function findCalls({ rules }: ProgramChain): readonly Call[] {
  const calls = new Map<string, Call>();
  rules.forEach(({ rule: { target } }, index) => {
    if (target?.kind !== 'jump' && target?.kind !== 'goto') return;
    if (!calls.has(target.chain)) calls.set(target.chain, { target: target.chain, rule: index + 1 });
  });
  return [...calls.values()];
}

/** What can be reached from some chains. */
export interface CallOrder {
  /** Each chain once, after all those that it calls; names that no chain has are among them. */
  readonly chains: readonly string[];
  /** Calls that lead back to a chain that they come from. */
  readonly loops: readonly { readonly chain: string; readonly call: Call }[];
}

/** Chains may lead on to one another without end, so that this may not call itself. */
export function calleesFirst(starts: Iterable<string>, calls: Calls): CallOrder {
  const done = new Set<string>();
  const loops: { chain: string; call: Call }[] = [];
  for (const start of starts) {
    const open = new Map<string, Iterator<Call>>();
    const way: string[] = [];
    const enter = (chain: string): void => {
      way.push(chain);
      open.set(chain, (calls.get(chain) ?? []).values());
    };
    if (!done.has(start)) enter(start);
    for (let chain = way.at(-1); chain !== undefined; chain = way.at(-1)) {
      const call = open.get(chain)?.next().value as Call | undefined;
      if (call === undefined) {
        way.pop();
        open.delete(chain);
        done.add(chain);
      } else if (open.has(call.target)) loops.push({ chain, call });
      else if (!done.has(call.target)) enter(call.target);
    }
  }
  return { chains: [...done], loops };
}
