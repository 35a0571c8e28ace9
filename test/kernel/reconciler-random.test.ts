import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rulesetOf, type Layout } from '../../src/chains/layout.ts';
import { readConfig } from '../../src/config/load.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import { FAMILIES, type Family } from '../../src/net/address.ts';
import { familySync } from '../../src/reconciler/family-sync.ts';
import type { SyncReport } from '../../src/reconciler/observer.ts';
import { clusterStore } from '../../src/reconciler/store.ts';
import { nodeView } from '../../src/routing/node-view.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import { CAPTURE_HOST } from '../support/cases.ts';
import { bursts, NODE_NAME, nodeIn } from '../support/random-events.ts';
import { kernelRules, makeNamespace, type Namespace } from './namespace.ts';

/** CHAINWRIGHT_SEQUENCES=5000 runs it longer; CHAINWRIGHT_SEED repeats a run. */
const SEQUENCES = Number(process.env.CHAINWRIGHT_SEQUENCES ?? 500);
const SEED = Number(process.env.CHAINWRIGHT_SEED ?? 20261121);
const EVENTS = 50;

const { settings } = readConfig({
  file: {
    name: 'config',
    text: 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: 10.244.0.0/16,fd00:244::/56\n',
  },
  flags: {},
});

let namespace: Namespace;
beforeAll(async () => (namespace = await makeNamespace()));
afterAll(() => namespace[Symbol.asyncDispose]());

describe('after any sequence of events, what deltas left in the kernel is what a full render says', () => {
  const runs = (['nft', 'legacy'] as const).flatMap((kind) =>
    (['classic', 'indexed'] as const).map((name) => ({ kind, name })),
  );
  for (const { kind, name } of runs) {
    it(`${SEQUENCES} sequences of ${EVENTS} events, ${name}, ${kind}`, { timeout: 1_200_000 }, async () => {
      const reports: SyncReport[] = [];
      const layout: Layout = { name, comments: 'auto' };
      let withTrees = 0;
      const property = fc.asyncProperty(bursts(EVENTS), async (sequence) => {
        const play = (family: Family) => playSequence(kind, layout, family, sequence, reports);
        const left = await Promise.all(FAMILIES.map(play));
        withTrees += left.filter((rules) => /^:KUBE-(IP|NP|RI|RE|LB|HC)-/m.test(rules)).length;
      });
      await fc.assert(property, { numRuns: SEQUENCES, seed: SEED, endOnFailure: true });
      const deltas = reports.filter((report) => report.kind === 'delta');
      expect(deltas.length).toBeGreaterThan(SEQUENCES);
      expect(withTrees > 0).toBe(name === 'indexed');
    });
  }
});

async function playSequence(
  kind: BackendKind,
  layout: Layout,
  family: Family,
  sequence: readonly (readonly Parameters<ReturnType<typeof clusterStore>['take']>[0][number][])[],
  reports: SyncReport[],
): Promise<string> {
  const store = clusterStore(NODE_NAME);
  store.take([{ kind: 'node', key: NODE_NAME, object: nodeIn('zone-1') }]);
  const view = () => nodeView(family, settings, { name: NODE_NAME, node: store.node() }, CAPTURE_HOST);
  const sync = familySync({
    backend: backendOf(kind, family, namespace.via),
    store,
    view,
    layout: () => layout,
    clock: () => 0,
    observer: {
      onSynced: (report) => reports.push(report),
      onFailed: (_family, syncKind, error) => {
        throw new Error(`${syncKind} sync failed: ${error.message}`);
      },
      onIsolated: () => undefined,
    },
  });
  for (const burst of sequence) {
    sync.touch(store.take(burst).services);
    if (sync.isPending()) await sync.sync();
  }
  const slices = [...store.services.keys()].flatMap((key) => store.slicesOf(key));
  const cluster = { services: [...store.services.values()], slices, nodes: [] };
  const wanted = canonicalRules(
    [...restoreLines(rulesetOf(layout, clusterRoutes(cluster, view()), view()))].join('\n'),
  );
  const rules = await kernelRules(namespace, kind, family);
  expect(rules).toBe(wanted);
  return rules;
}
