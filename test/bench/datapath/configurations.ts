import type { LayoutName } from '../../../src/chains/layout-choice.ts';
import { rulesetOf } from '../../../src/chains/layout.ts';
import { applyRuleset } from '../../../src/iptables/applier.ts';
import { backendOf, type BackendKind } from '../../../src/iptables/backend.ts';
import { runTool } from '../../../src/iptables/tool.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import { benchView, modelOf, type BenchCluster } from './cluster.ts';
import { nativeTransactions } from './native-ruleset.ts';
import { inside } from './network.ts';

/** One of the rivals: whose rules the node has. */
export type Configuration =
  /** Connection tracking and a nat table, as any service proxy needs them, and no service's rule. */
  | { readonly kind: 'none'; readonly backend: BackendKind }
  | { readonly kind: 'layout'; readonly layout: LayoutName; readonly backend: BackendKind }
  /** The maps of kube-proxy's nftables mode. */
  | { readonly kind: 'native' };

export const CONFIGURATIONS: readonly Configuration[] = [
  { kind: 'none', backend: 'legacy' },
  { kind: 'none', backend: 'nft' },
  { kind: 'native' },
  { kind: 'layout', layout: 'classic', backend: 'legacy' },
  { kind: 'layout', layout: 'indexed', backend: 'legacy' },
  { kind: 'layout', layout: 'classic', backend: 'nft' },
  { kind: 'layout', layout: 'indexed', backend: 'nft' },
];

/** `indexed-nft`: fit for file names and namespaces. */
export function labelOf(configuration: Configuration): string {
  switch (configuration.kind) {
    case 'none':
      return `none-${configuration.backend}`;
    case 'layout':
      return `${configuration.layout}-${configuration.backend}`;
    case 'native':
      return 'native';
  }
}

/** Loads a configuration's rules into a machine that has none. */
export async function loadRules(
  configuration: Configuration,
  cluster: BenchCluster,
  machine: string,
): Promise<void> {
  const via = inside(machine);
  const view = benchView(cluster.family);
  switch (configuration.kind) {
    case 'none': {
      const { restore } = backendOf(configuration.backend, cluster.family, via);
      await runTool([...restore, '-w'], { input: [NO_SERVICES] });
      return;
    }
    case 'layout': {
      const ruleset = rulesetOf(
        { name: configuration.layout, comments: 'auto' },
        clusterRoutes(modelOf(cluster), view),
        view,
      );
      await applyRuleset(ruleset, backendOf(configuration.backend, cluster.family, via));
      return;
    }
    case 'native': {
      const routes = clusterRoutes(modelOf(cluster), view).flatMap((service) => service.routes);
      for (const transaction of nativeTransactions(routes, view))
        await runTool([...via, 'nft', '-f', '-'], { input: [transaction] });
    }
  }
}

/** Nothing is masqueraded, but the kernel cannot know: without a rule that may, it does not track at all. */
const NO_SERVICES = `*nat
-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE
COMMIT
`;
