import type { Ruleset } from '../chains/rule.ts';
import { ruleText } from '../chains/text.ts';
import { chainKey, type ChainKey, type GraphChain, type GraphRule, type RuleGraph } from './rule-graph.ts';

export function graphOfRuleset(ruleset: Ruleset): RuleGraph {
  const chains = new Map<ChainKey, GraphChain>();
  for (const table of ruleset.tables) {
    const base = new Map<string, GraphRule[]>();
    for (const { from, rule } of table.jumps) {
      base.set(from, [...(base.get(from) ?? []), { text: ruleText(rule) }]);
    }
    for (const [name, rules] of base) {
      chains.set(chainKey(table.name, name), { table: table.name, name, rules });
    }
    for (const { name, rules, service } of table.chains()) {
      const texts = Array.from(rules, (rule) => ({ text: ruleText(rule) }));
      chains.set(chainKey(table.name, name), { table: table.name, name, rules: texts, service });
    }
  }
  return { family: ruleset.family, chains };
}

/** The rules of one graph with what another one, the kernel's, counted for the same rules. */
export function withCounters(graph: RuleGraph, kernel: RuleGraph): RuleGraph {
  const counted = new Map<ChainKey, GraphChain>();
  for (const [key, chain] of graph.chains) {
    const packets = new Map(kernel.chains.get(key)?.rules.map((rule) => [rule.text, rule.packets]));
    const rules = chain.rules.map(({ text }) => ({ text, packets: packets.get(text) }));
    counted.set(key, { ...chain, rules });
  }
  return { family: graph.family, chains: counted };
}
