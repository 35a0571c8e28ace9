import type { RulePlace } from '../inspect/fate.ts';
import type { InspectedRule } from '../inspect/inspected-rule.ts';
import { textAt, type Program } from '../inspect/program.ts';
import { stepWords } from './step-words.ts';

/** One rule on a packet's way. */
export interface Step {
  readonly place: RulePlace;
  /** In the words of iptables-save. */
  readonly text: string;
  readonly words: string;
}

export function stepOf(program: Program, place: RulePlace): Step {
  const rule = ruleAt(program, place);
  const text = textAt(program, place);
  const words =
    rule === undefined ? `the policy of ${place.chain} decides: ${text}` : stepWords(place, rule, text);
  return { place, text, words };
}

/** undefined for a policy. */
export function ruleAt({ tables }: Program, { table, chain, rule }: RulePlace): InspectedRule | undefined {
  return rule === 'policy' ? undefined : tables.get(table)?.chains.get(chain)?.rules[rule - 1]?.rule;
}
