import { describe, expect, it } from 'vitest';
import type { LayoutName } from '../../src/chains/layout-choice.ts';
import type { Layout } from '../../src/chains/layout.ts';
import type { Change } from '../../src/cluster/source.ts';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import type { Address } from '../../src/net/address.ts';
import { kernelRules, makeNamespace } from './namespace.ts';
import { endpoints, service, stage } from './sync-stage.ts';

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
const layoutOf = (name: LayoutName): Layout => ({ name, comments: 'auto' });

/** iptables takes no list of remembered clients that lasts no time. */
const REFUSED = { affinitySeconds: 0 };

/** Services for every dispatch chain, enough of each for a tree. */
function manyServices(): readonly Change[] {
  return Array.from({ length: 60 }, (_, index) => [
    ...service(`shop-${index}`, index + 1, {
      type: index % 2 === 0 ? 'LoadBalancer' : 'NodePort',
      ports: [{ name: '', protocol: 'tcp', port: 80, nodePort: 30_000 + index }],
      externalIPs: [`198.51.100.${index}` as Address],
      loadBalancerVIPs: index % 2 === 0 ? [`203.0.113.${index}` as Address] : [],
      loadBalancerSourceRanges: ['192.0.2.0/24' as never],
      externalTrafficPolicy: index % 2 === 0 ? 'Local' : 'Cluster',
      healthCheckNodePort: index % 2 === 0 ? 31_000 + index : undefined,
    }),
    ...endpoints(`shop-${index}`, ...(index % 3 === 0 ? [] : [index + 1, index + 101])),
  ]).flat();
}

const treeChains = (rules: string): ReadonlySet<string> =>
  new Set(rules.match(/^:KUBE-(IP|NP|RI|RE|LB|HC)/gm) ?? []);

for (const kind of BACKENDS) {
  describe(`the indexed layout, ${kind}`, () => {
    it('takes over from the classic one and gives back to it, and nothing of the other is left', async () => {
      await using namespace = await makeNamespace();
      let name: LayoutName = 'classic';
      const { take, sync, wanted, reports } = stage(namespace, kind, () => layoutOf(name));
      await take(manyServices());
      const classic = await kernelRules(namespace, kind, 'ipv4');
      expect(classic).toBe(wanted());
      for (const next of ['indexed', 'classic', 'indexed', 'classic'] as const) {
        expect(sync.isPending()).toBe(false);
        name = next;
        expect(sync.isPending()).toBe(true);
        await sync.sync();
        const rules = await kernelRules(namespace, kind, 'ipv4');
        expect(rules).toBe(wanted());
        expect(reports.at(-1)).toMatchObject({ kind: 'full', reason: 'layout', repaired: undefined });
        // Every kind of tree was in the kernel, or none.
        expect(treeChains(rules).size).toBe(next === 'indexed' ? 6 : 0);
      }
      expect(await kernelRules(namespace, kind, 'ipv4')).toBe(classic);
    });

    it('follows a service from no endpoint to hundreds and back, by deltas', async () => {
      await using namespace = await makeNamespace();
      const { take, wanted, reports } = stage(namespace, kind, () => layoutOf('indexed'));
      await take(service('shop', 1, { affinitySeconds: undefined }), endpoints('shop', 1));
      for (const count of [0, 1, 2, 31, 32, 33, 34, 80, 250, 249, 40, 33, 32, 3, 1, 0]) {
        await take(endpoints('shop', ...Array.from({ length: count }, (_, index) => index + 1)));
        const rules = await kernelRules(namespace, kind, 'ipv4');
        expect(rules, String(count)).toBe(wanted());
        expect(/^:KUBE-EPG-/m.test(rules)).toBe(count > 32);
      }
      expect(reports.slice(1).map((report) => report.kind)).not.toContain('full');
    });

    it('rewrites the chains beside a refused service, which keeps its place in them', async () => {
      await using namespace = await makeNamespace();
      const { take, isolated, wanted, reports } = stage(namespace, kind, () => layoutOf('indexed'));
      await take(manyServices());
      const dispatch = /^-A KUBE-IP-\S+ -d 10\.96\.0\.2\/32 .* -j KUBE-SVC-\S+$/m;
      const before = dispatch.exec(await kernelRules(namespace, kind, 'ipv4'))?.[0];
      expect(before).toBeDefined();
      await take(service('shop-1', 2, REFUSED));
      expect(isolated()).toEqual(['web/shop-1']);
      await take(service('newcomer', 200), endpoints('newcomer', 200), service('shop-2', 250));
      expect(reports.at(-1)?.kind).toBe('delta');
      expect(dispatch.exec(await kernelRules(namespace, kind, 'ipv4'))?.[0]).toBe(before);
      await take(service('shop-1', 2));
      expect(isolated()).toEqual([]);
      expect(await kernelRules(namespace, kind, 'ipv4')).toBe(wanted());
    });

    it('writes an unchanged kernel nothing', async () => {
      await using namespace = await makeNamespace();
      const { take, sync, reports, wanted } = stage(namespace, kind, () => layoutOf('indexed'));
      await take(manyServices());
      const rules = canonicalRules(wanted());
      sync.invalidate('check');
      await sync.sync();
      expect(reports.at(-1)).toMatchObject({
        repaired: undefined,
        counts: { nat: { written: 0, removed: 0 }, filter: { written: 0, removed: 0 } },
      });
      expect(await kernelRules(namespace, kind, 'ipv4')).toBe(rules);
    });
  });
}
