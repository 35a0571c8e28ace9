import { describe, expect, it } from 'vitest';
import { chainName } from '../../src/chains/names.ts';
import type { Ruleset } from '../../src/chains/rule.ts';
import { applyRuleset } from '../../src/iptables/applier.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { detectBackend } from '../../src/iptables/detect-backend.ts';
import { RestoreError } from '../../src/iptables/restore.ts';
import { ToolError } from '../../src/iptables/tool.ts';
import { casesIn, loadCase, RULE_BOOK, rulesetOfCase } from '../support/cases.ts';
import { feed, makeNamespace, output } from './namespace.ts';

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];

function webapp1(): Ruleset {
  const folder = casesIn(RULE_BOOK).find(({ name }) => name === 'nodeport/webapp1-two-replicas');
  if (folder === undefined) throw new Error('no such case');
  return rulesetOfCase(loadCase(folder), 'ipv4');
}

/** The ruleset with a rule in it that no kernel takes. */
function broken(): Ruleset {
  const good = webapp1();
  return {
    ...good,
    tables: good.tables.map((table) => ({
      ...table,
      chains: () => [
        ...table.chains(),
        ...(table.name === 'nat'
          ? [
              {
                name: chainName('KUBE-SVC-BROKEN'),
                rules: [{ matches: [], target: { kind: 'jump', chain: chainName('KUBE-MISSING') } } as const],
              },
            ]
          : []),
      ],
    })),
  };
}

for (const kind of BACKENDS) {
  describe(`the applier on ${kind}`, () => {
    it("puts its jumps before others' rules and leaves those as they were", async () => {
      await using namespace = await makeNamespace();
      const backend = backendOf(kind, 'ipv4', namespace.via);
      const others = [
        '*filter',
        ':OTHER - [0:0]',
        '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A FORWARD -j OTHER',
        '-A OTHER -s 192.0.2.1/32 -j DROP',
        'COMMIT',
        '*nat',
        '-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80',
        'COMMIT',
        '',
      ];
      await feed(namespace, others.join('\n'), `iptables-${kind}-restore`, '--noflush');
      await applyRuleset(webapp1(), backend);
      await applyRuleset(webapp1(), backend);
      const filter = (await output(namespace, `iptables-${kind}-save`, '-t', 'filter')).split('\n');
      const rulesOf = (chain: string) => filter.filter((line) => line.startsWith(`-A ${chain} `));
      expect(rulesOf('INPUT')).toHaveLength(5);
      expect(rulesOf('INPUT').at(-1)).toBe('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT');
      expect(rulesOf('FORWARD')).toHaveLength(5);
      expect(rulesOf('FORWARD').at(-1)).toBe('-A FORWARD -j OTHER');
      expect(rulesOf('OTHER')).toEqual(['-A OTHER -s 192.0.2.1/32 -j DROP']);
      const nat = await output(namespace, `iptables-${kind}-save`, '-t', 'nat');
      expect(nat).toContain('-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80');
    });

    it('names the offending line with its neighbours, and leaves the table as it was', async () => {
      await using namespace = await makeNamespace();
      const backend = backendOf(kind, 'ipv4', namespace.via);
      await applyRuleset(webapp1(), backend);
      const before = await output(namespace, `iptables-${kind}-save`, '-t', 'nat');
      const error: unknown = await applyRuleset(broken(), backend).catch((reason: unknown) => reason);
      if (!(error instanceof RestoreError)) throw new Error(`expected a RestoreError, got ${String(error)}`);
      expect(error.message).toMatch(/exit code \d/);
      expect(error.excerpt.map(({ text }) => text)).toContain('-A KUBE-SVC-BROKEN -j KUBE-MISSING');
      expect(error.excerpt.length).toBeLessThanOrEqual(7);
      const withoutComments = (text: string) => text.replace(/^#.*$/gm, '');
      expect(withoutComments(await output(namespace, `iptables-${kind}-save`, '-t', 'nat'))).toBe(
        withoutComments(before),
      );
    });

    it('finds the store that holds the rules of Kubernetes', async () => {
      await using namespace = await makeNamespace();
      const canary = '*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n';
      await feed(namespace, canary, `iptables-${kind}-restore`, '--noflush');
      expect(await detectBackend(namespace.via)).toBe(kind);
    });
  });
}

describe('a tool that is missing', () => {
  it('is named', async () => {
    const backend = { ...backendOf('nft', 'ipv4'), save: ['iptables-of-nobody-save'] as const };
    const error: unknown = await applyRuleset(webapp1(), backend).catch((reason: unknown) => reason);
    if (!(error instanceof ToolError)) throw new Error(`expected a ToolError, got ${String(error)}`);
    expect(error.kind).toBe('missing');
    expect(error.message).toMatch(
      /^iptables-of-nobody-save -t (filter|nat): not installed, or not on the PATH$/,
    );
  });
});
