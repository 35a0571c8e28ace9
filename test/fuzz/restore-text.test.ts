import { describe, expect, it } from 'vitest';
import type { Rule, Ruleset } from '../../src/chains/rule.ts';
import type { InspectedRule } from '../../src/inspect/inspected-rule.ts';
import { readSave } from '../../src/inspect/save-reader.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import { hostileRulesets } from './clusters.ts';
import { withstands } from './withstands.ts';

interface Placed<AnyRule> {
  readonly table: string;
  readonly chain: string;
  readonly rule: AnyRule;
}

function meant({ tables }: Ruleset): readonly Placed<Rule>[] {
  return tables.flatMap((table) => [
    ...Array.from(table.chains()).flatMap(({ name, rules }) =>
      Array.from(rules, (rule) => ({ table: table.name, chain: name, rule })),
    ),
    ...table.jumps.map(({ from, rule }) => ({ table: table.name, chain: from, rule })),
  ]);
}

let longest = 0;

/** Nothing that an object says may begin a line, end a word, or be another rule than was meant. */
function expectSameRulesBack(ruleset: Ruleset): void {
  const lines = [...restoreLines(ruleset)];
  for (const line of lines) {
    expect(line).toMatch(/^[ -~]+$/);
    const [, comment = ''] = /--comment "([^"]*)"/.exec(line) ?? [];
    longest = Math.max(longest, comment.length);
  }
  const read: Placed<InspectedRule>[] = [];
  let table = '';
  readSave(lines, ruleset.family, {
    table: (name) => (table = name),
    chain: () => undefined,
    rule: (chain, rule) => void read.push({ table, chain, rule }),
  });
  expect(read).toEqual(meant(ruleset));
}

describe('the text for iptables-restore, of any objects that the decoder lets pass', () => {
  withstands('says what was meant, IPv4', hostileRulesets('ipv4'), expectSameRulesBack, 150);
  withstands('says what was meant, IPv6', hostileRulesets('ipv6'), expectSameRulesBack, 150);

  it('was tried with comments as long as names can make them', () => {
    expect(longest).toBeGreaterThan(230);
    expect(longest).toBeLessThanOrEqual(255);
  });
});
