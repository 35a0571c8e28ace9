import { isForSomeClients, isForSomeDestinations, ruleFacts, type RuleFacts } from './rule-facts.ts';
import type { ChainKey, GraphChain, RuleGraph } from './rule-graph.ts';
import { targetKey } from './services.ts';

/** What part of a chain's connections a rule gets. */
export interface Share {
  /** 0 to 1; of a rule with conditions, the part of those connections that it is about. */
  readonly value: number;
  /** The rule is about some clients only; how many those are nobody can know. */
  readonly conditional: boolean;
}

export const WHOLE: Share = { value: 1, conditional: false };

/** The shares of a chain's rules. What rules with conditions get is not counted off from the others. */
export function sharesOf(graph: RuleGraph, chain: GraphChain, facts: readonly RuleFacts[]): readonly Share[] {
  let remaining = 1;
  return facts.map((rule) => {
    const chance = rule.chance ?? 1;
    const conditional = isForSomeClients(rule);
    if (conditional || isForSomeDestinations(rule)) return { value: chance, conditional };
    const value = remaining * chance;
    if (isFinal(graph, chain, rule)) remaining *= 1 - chance;
    return { value, conditional };
  });
}

const RETURNING: ReadonlySet<string> = new Set(['', 'MARK', 'LOG', 'NFLOG', 'CONNMARK']);

/** Whether no packet comes back from where the rule sends it to the rule after. */
function isFinal(graph: RuleGraph, chain: GraphChain, facts: RuleFacts, depth = 0): boolean {
  const target = targetKey(graph, chain, facts);
  if (target !== undefined) return depth < DEEPEST && endsAll(graph, target, depth + 1);
  return !RETURNING.has(facts.target);
}

/** More than the kernel allows chains to call each other: a damaged dump may have a loop. */
const DEEPEST = 20;

/** Such a chain has a final rule without conditions; that is its last one, or the rest would be idle. */
function endsAll(graph: RuleGraph, key: ChainKey, depth: number): boolean {
  const chain = graph.chains.get(key);
  const last = chain?.rules.at(-1);
  if (chain === undefined || last === undefined) return false;
  const facts = ruleFacts(last.text);
  if (facts.chance !== undefined || isForSomeClients(facts) || isForSomeDestinations(facts)) return false;
  return facts.target !== 'RETURN' && isFinal(graph, chain, facts, depth);
}

const MOST_SIDE_RULES = 4;

/** A chain that marks packets and sends all of them back: KUBE-MARK-MASQ. */
export function isSideChain(graph: RuleGraph, key: ChainKey): boolean {
  const rules = graph.chains.get(key)?.rules ?? [];
  if (rules.length === 0 || rules.length > MOST_SIDE_RULES) return false;
  const targets = rules.map(({ text }) => ruleFacts(text).target);
  return targets.includes('MARK') && targets.every((target) => ['MARK', 'RETURN', ''].includes(target));
}
