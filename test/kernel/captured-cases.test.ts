import { describe, expect, it } from 'vitest';
import type { Layout } from '../../src/chains/layout.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { applyRuleset } from '../../src/iptables/applier.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import { FAMILIES } from '../../src/net/address.ts';
import { casesIn, CLASSIC, loadCase, RANDOM_CLUSTERS, RULE_BOOK, rulesetOfCase } from '../support/cases.ts';
import { feed, kernelRules, makeNamespace } from './namespace.ts';

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
const INDEXED: Layout = { name: 'indexed', comments: 'auto' };

const NAMED = casesIn(RULE_BOOK);
const RUNS = [
  ...[...NAMED, ...casesIn(RANDOM_CLUSTERS)].map((folder) => ({ folder, layout: CLASSIC })),
  ...NAMED.map((folder) => ({ folder, layout: INDEXED })),
];

describe('rendered text loads into an empty namespace and comes back as it was', () => {
  for (const { folder, layout } of RUNS) {
    it(`${folder.name}, ${layout.name}`, async () => {
      await using namespace = await makeNamespace();
      const loaded = loadCase(folder);
      for (const family of FAMILIES) {
        for (const kind of BACKENDS) {
          const text = `${[...restoreLines(rulesetOfCase(loaded, family, layout))].join('\n')}\n`;
          const [restore] = backendOf(kind, family).restore;
          await feed(namespace, text, restore, '--noflush');
          expect(await kernelRules(namespace, kind, family), kind).toBe(canonicalRules(text));
        }
      }
    });
  }
});

describe.each([CLASSIC, INDEXED])('the applier, $name', (layout) => {
  const [first, ...others] = casesIn(RULE_BOOK).filter(({ name }) =>
    /^(nodeport|loadbalancer|settings)/.test(name),
  );

  for (const kind of BACKENDS) {
    it(`leaves the new ruleset and nothing of the old one, ${kind}`, async () => {
      await using namespace = await makeNamespace();
      if (first === undefined) throw new Error('the rule book is empty');
      for (const folder of [first, ...others, first]) {
        const loaded = loadCase(folder);
        for (const family of FAMILIES) {
          const ruleset = rulesetOfCase(loaded, family, layout);
          await applyRuleset(ruleset, backendOf(kind, family, namespace.via));
          const rules = (await kernelRules(namespace, kind, family)).split('\n');
          const wanted = canonicalRules([...restoreLines(ruleset)].join('\n')).split('\n');
          expect(withoutKubeletFirewall(rules), folder.name).toEqual(withoutKubeletFirewall(wanted));
        }
      }
    });
  }
});

/** The kubelet's rule outlives the setting that made us write it too, as with kube-proxy. */
function withoutKubeletFirewall(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.startsWith('-A KUBE-FIREWALL'));
}
