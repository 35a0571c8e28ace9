import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalRules } from '../../src/iptables/canonical.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import { FAMILIES } from '../../src/net/address.ts';
import { casesIn, loadCase, RULE_BOOK, rulesetOfCase } from './cases.ts';

/* Rewrites the expected files of the rule book from what the code renders now. */
for (const folder of casesIn(RULE_BOOK)) {
  const loaded = loadCase(folder);
  for (const family of FAMILIES) {
    const name = `expected.${family === 'ipv4' ? 'v4' : 'v6'}.rules`;
    const text = canonicalRules([...restoreLines(rulesetOfCase(loaded, family))].join('\n'));
    writeFileSync(join(folder.directory, name), text);
  }
}
