import type { Chain, Ruleset } from '../chains/rule.ts';
import type { ServiceRules } from '../chains/service-rules.ts';

/**
 * What is done to each chain of a service after it was made, and before anybody compares or writes it. By
 * default nothing: it is there so that tests can make rules that are wrong.
 */
export type LastHand = (chain: Chain) => Chain;

export function handledRules(rules: ServiceRules, hand: LastHand | undefined): ServiceRules {
  return hand === undefined ? rules : { ...rules, chains: rules.chains.map(hand) };
}

export function handledRuleset(ruleset: Ruleset, hand: LastHand | undefined): Ruleset {
  if (hand === undefined) return ruleset;
  return {
    ...ruleset,
    tables: ruleset.tables.map((table) => ({
      ...table,
      *chains() {
        for (const chain of table.chains()) yield chain.service === undefined ? chain : hand(chain);
      },
    })),
  };
}
