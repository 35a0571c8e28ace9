import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { isNothingToDo, plan } from '../../src/iptables/plan.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import { readSnapshot } from '../../src/iptables/snapshot.ts';
import type { Address } from '../../src/net/address.ts';
import { isCanaryAlive, plantCanary } from '../../src/reconciler/canary.ts';
import {
  casesIn,
  expectedRules,
  loadCase,
  RANDOM_CLUSTERS,
  RULE_BOOK,
  rulesetOfCase,
} from '../support/cases.ts';
import { feed, kernelRules, makeNamespace, output } from './namespace.ts';
import { endpoints, service, stage } from './sync-stage.ts';

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
for (const kind of BACKENDS) {
  describe(`a service whose rules the kernel refuses, ${kind}`, () => {
    /** iptables takes no list of remembered clients that lasts no time. */
    const REFUSED = { affinitySeconds: 0 };

    it('is set aside, and all others are in sync', async () => {
      await using namespace = await makeNamespace();
      const { take, isolated } = stage(namespace, kind);
      const many = Array.from({ length: 20 }, (_, index) => [
        ...service(`shop-${index}`, index + 1, index === 7 || index === 13 ? REFUSED : {}),
        ...endpoints(`shop-${index}`, index + 1, index + 101),
      ]);
      await take(...many);
      expect(isolated()).toEqual(['web/shop-13', 'web/shop-7']);
      const rules = await kernelRules(namespace, kind, 'ipv4');
      for (const index of many.keys()) {
        const dispatch = `"web/shop-${index} cluster IP" -m tcp --dport 80 -j KUBE-SVC`;
        expect(rules.includes(dispatch), String(index)).toBe(index !== 7 && index !== 13);
      }
    });

    it('keeps the rules that it had, and gets new ones when they can be had', async () => {
      await using namespace = await makeNamespace();
      const { take, isolated, wanted } = stage(namespace, kind);
      await take(service('shop', 1), endpoints('shop', 1), service('cart', 2), endpoints('cart', 2));
      const before = await kernelRules(namespace, kind, 'ipv4');
      await take(service('shop', 1, REFUSED), endpoints('cart', 2, 3));
      expect(isolated()).toEqual(['web/shop']);
      const during = await kernelRules(namespace, kind, 'ipv4');
      const ofShop = (rules: string) => rules.split('\n').filter((line) => line.includes('web/shop'));
      expect(ofShop(during)).toEqual(ofShop(before));
      expect(during).toContain('web/cart -> 10.244.1.3:8080');
      await take(endpoints('cart', 4));
      expect(await kernelRules(namespace, kind, 'ipv4')).toContain('web/cart -> 10.244.1.4:8080');
      await take(service('shop', 1));
      expect(isolated()).toEqual([]);
      expect(await kernelRules(namespace, kind, 'ipv4')).toBe(wanted());
    });
  });

  describe(`rules that others changed, ${kind}`, () => {
    it.each([
      ['a rule was deleted', 'chain', ['-t', 'nat', '-D', 'KUBE-SERVICES', '1']],
      ['a rule was added', 'chain', ['-t', 'nat', '-I', 'KUBE-NODEPORTS', '-p', 'tcp', '-j', 'RETURN']],
      ['a chain was added', 'chain', ['-t', 'nat', '-N', 'KUBE-SVC-OTHEROTHEROTHERO']],
      ['a jump was deleted', 'jump', ['-t', 'nat', '-F', 'PREROUTING']],
      ['the table was flushed', 'chain', ['-t', 'nat', '-F']],
      ['the other table was flushed', 'chain', ['-t', 'filter', '-F']],
    ] as const)('are repaired by the next check, when %s', async (_, damage, command) => {
      await using namespace = await makeNamespace();
      const { take, wanted, sync, reports } = stage(namespace, kind);
      await take(service('shop', 1), endpoints('shop', 1, 2));
      await output(namespace, `iptables-${kind}`, ...command);
      expect(await kernelRules(namespace, kind, 'ipv4')).not.toBe(wanted());
      sync.invalidate('check');
      await sync.sync();
      expect(await kernelRules(namespace, kind, 'ipv4')).toBe(wanted());
      expect(reports.at(-1)?.repaired).toBe(damage);
    });

    it('are not touched, where they are right', async () => {
      await using namespace = await makeNamespace();
      const { take, sync, reports } = stage(namespace, kind);
      await take(service('shop', 1), endpoints('shop', 1, 2));
      sync.invalidate('check');
      await sync.sync();
      expect(reports.at(-1)).toMatchObject({
        repaired: undefined,
        counts: { nat: { written: 0, removed: 0 } },
      });
    });

    it('let the canary die, when they were flushed or deleted', async () => {
      await using namespace = await makeNamespace();
      const { backend, take, sync } = stage(namespace, kind);
      expect(await isCanaryAlive(backend)).toBe(false);
      await take(service('shop', 1), endpoints('shop', 1));
      await plantCanary(backend);
      expect(await isCanaryAlive(backend)).toBe(true);
      for (const command of [
        ['nat', '-F'],
        ['filter', '-F'],
        ['mangle', '-X'],
      ]) {
        await output(namespace, `iptables-${kind}`, '-t', ...command);
        expect(await isCanaryAlive(backend), command.join(' ')).toBe(false);
        sync.invalidate('flush');
        await sync.sync();
        await plantCanary(backend);
        expect(await isCanaryAlive(backend), command.join(' ')).toBe(true);
      }
    });
  });

  describe(`a hostile neighbour, ${kind}`, () => {
    it('keeps its own rules, and ours converge', async () => {
      await using namespace = await makeNamespace();
      const { take, sync, wanted } = stage(namespace, kind);
      await feed(
        namespace,
        '*nat\n:THEIRS - [0:0]\n-A OUTPUT -j THEIRS\nCOMMIT\n',
        `iptables-${kind}-restore`,
        '--noflush',
      );
      const going = new AbortController();
      let writes = 0;
      const neighbour = (async () => {
        while (!going.signal.aborted) {
          await output(
            namespace,
            `iptables-${kind}`,
            '-w',
            '5',
            '-t',
            'nat',
            '-A',
            'THEIRS',
            '-s',
            '192.0.2.1',
            '-j',
            'RETURN',
          );
          await output(namespace, `iptables-${kind}`, '-w', '5', '-t', 'nat', '-F', 'THEIRS');
          writes += 2;
        }
        await output(
          namespace,
          `iptables-${kind}`,
          '-w',
          '5',
          '-t',
          'nat',
          '-A',
          'THEIRS',
          '-s',
          '192.0.2.9',
          '-j',
          'RETURN',
        );
      })();
      for (let round = 0; round < 40; round += 1) {
        const changes = [
          service(`shop-${round % 5}`, (round % 5) + 1),
          endpoints(`shop-${round % 5}`, round + 1, round + 2),
        ];
        await take(...changes).catch(async () => {
          while (sync.isPending()) await sync.sync().catch(() => sleep(20));
        });
      }
      going.abort();
      await neighbour;
      expect(writes).toBeGreaterThan(10);
      expect(await kernelRules(namespace, kind, 'ipv4')).toBe(wanted());
      expect(await output(namespace, `iptables-${kind}`, '-t', 'nat', '-S', 'THEIRS')).toContain('192.0.2.9');
    });
  });
}

describe('taking over from kube-proxy, whose rules are what it left in captured clusters', () => {
  it('changes no rule, in any case, on both backends', async () => {
    let compared = 0;
    for (const folder of [...casesIn(RULE_BOOK), ...casesIn(RANDOM_CLUSTERS)]) {
      const ruleset = rulesetOfCase(loadCase(folder), 'ipv4');
      const expected = expectedRules(folder, 'ipv4');
      // Where kube-proxy left the choice among equal endpoints to chance.
      if (canonicalRules([...restoreLines(ruleset)].join('\n')) !== expected) continue;
      await using namespace = await makeNamespace();
      for (const kind of BACKENDS) {
        await feed(namespace, expected, `iptables-${kind}-restore`, '--noflush');
        const changes = plan(ruleset, await readSnapshot(backendOf(kind, 'ipv4', namespace.via)));
        expect(isNothingToDo(changes), `${folder.name} ${kind}`).toBe(true);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(325);
  }, 120_000);
});

describe('a sync that is killed at any moment', () => {
  for (const kind of BACKENDS) {
    it(`leaves the service that did not change as it was, and the next one mends the rest, ${kind}`, async () => {
      await using namespace = await makeNamespace();
      const { take, wanted, sync, store } = stage(namespace, kind);
      const change = (round: number) =>
        Array.from({ length: 300 }, (_, index) => [
          ...service(`shop-${index}`, 2, { clusterIPs: [`10.97.${index >> 8}.${index & 255}` as Address] }),
          ...endpoints(`shop-${index}`, (round * 7 + index) % 200, (round * 3 + index) % 200),
        ]).flat();
      await take(service('steady', 1), endpoints('steady', 250, 251), change(0));
      const steady = (rules: string) => rules.split('\n').filter((line) => line.includes('web/steady'));
      const before = steady(await kernelRules(namespace, kind, 'ipv4'));
      expect(before.length).toBeGreaterThan(5);
      for (let round = 1; round <= 12; round += 1) {
        store.take(change(round));
        const text = wanted();
        // The same text that a full sync writes, cut off by the death of the tool after some time.
        const child = execa(
          namespace.via[0],
          [...namespace.via.slice(1), `iptables-${kind}-restore`, '--noflush'],
          {
            input: text.replace(/^-A (INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING) .*\n/gm, ''),
            reject: false,
          },
        );
        await sleep(round * 3);
        child.kill('SIGKILL');
        await child;
        expect(steady(await kernelRules(namespace, kind, 'ipv4')), `round ${round}`).toEqual(before);
      }
      sync.invalidate('start');
      await sync.sync();
      expect(await kernelRules(namespace, kind, 'ipv4')).toBe(wanted());
    }, 120_000);
  }
});
