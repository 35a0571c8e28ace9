import type { Ruleset } from '../chains/rule.ts';
import { ruleText } from '../chains/text.ts';
import type { JsonChain, JsonJump } from './json-schema.ts';

/**
 * A ruleset as JSON, a piece at a time: each rule as data and as the text that iptables-save prints.
 * `rulesetSchema` tells its shape.
 */
export function* jsonLines(ruleset: Ruleset): Iterable<string> {
  yield `{"family":${JSON.stringify(ruleset.family)},"tables":[`;
  for (const [index, table] of ruleset.tables.entries()) {
    yield `${index === 0 ? '' : ','}{"name":${JSON.stringify(table.name)},"chains":[`;
    let separator = '';
    for (const { name, rules } of table.chains()) {
      const chain: JsonChain = {
        name,
        rules: Array.from(rules, (rule) => ({ text: `-A ${name} ${ruleText(rule)}`, ...rule })),
      };
      yield `${separator}${JSON.stringify(chain)}`;
      separator = ',';
    }
    const jumps = table.jumps.map(({ from, rule }): JsonJump => ({
      from,
      text: `-A ${from} ${ruleText(rule)}`,
      ...rule,
    }));
    yield `],"jumps":${JSON.stringify(jumps)}}`;
  }
  yield ']}';
}
