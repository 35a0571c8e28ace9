import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backendOf } from '../../src/iptables/backend.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import { hostileRulesets } from '../fuzz/clusters.ts';
import { feed, kernelRules, makeNamespace, output } from './namespace.ts';

/* The kernel's own tools take the rules of any objects that the decoder lets pass, and hold what was meant. */

/** Each of them is loaded into the kernel, once checked by the tool. */
const RULESETS = 12;

describe.each(['nft', 'legacy'] as const)('iptables-%s', (kind) => {
  it.each(['ipv4', 'ipv6'] as const)('takes the rules of hostile objects, %s', async (family) => {
    await using node = await makeNamespace();
    const [restore] = backendOf(kind, family).restore;
    for (const ruleset of fc.sample(hostileRulesets(family), { numRuns: RULESETS, seed: 20_261_121 })) {
      const text = `${[...restoreLines(ruleset)].join('\n')}\n`;
      await feed(node, text, restore, '--test');
      await feed(node, text, restore);
      expect(await kernelRules(node, kind, family)).toBe(canonicalRules(text));
    }
    expect(await output(node, backendOf(kind, family).save[0])).toContain('KUBE-SERVICES');
  });
});
