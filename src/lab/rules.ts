import { rulesetOf } from '../chains/layout.ts';
import type { LayoutSettings } from '../chains/layout-choice.ts';
import type { Scene } from '../routing/scene.ts';
import { applyRuleset } from '../iptables/applier.ts';
import { backendOf, type BackendKind } from '../iptables/backend.ts';
import type { Command } from '../iptables/tool.ts';
import type { Address } from '../net/address.ts';
import { nodeView, type Host } from '../routing/node-view.ts';
import { clusterRoutes } from '../routing/routes.ts';
import type { FamilyRoutes } from './checks.ts';
import type { Topology } from './topology.ts';

/** The routes of a scene on the lab's node, by family. */
export function routesOf(
  { cluster, settings, identity }: Scene,
  topology: Topology,
): readonly FamilyRoutes[] {
  const loopback = ['127.0.0.1', '::1'] as readonly string[] as readonly Address[];
  const host: Host = {
    interfaceAddresses: [...loopback, ...topology.node.addresses],
    conntrackLiberal: false,
  };
  return topology.families.map((family) => {
    const view = nodeView(family, settings, identity, host);
    return { view, services: clusterRoutes(cluster, view) };
  });
}

/**
 * Writes the rules of all families in the node's namespace.
 *
 * @param via the command that runs others there
 * @throws RestoreError with the offending line
 */
export async function writeRules(
  families: readonly FamilyRoutes[],
  layout: LayoutSettings,
  kind: BackendKind,
  via: Command,
): Promise<void> {
  await Promise.all(
    families.map(({ view, services }) =>
      applyRuleset(rulesetOf(layout, services, view), backendOf(kind, view.family, via)),
    ),
  );
}
