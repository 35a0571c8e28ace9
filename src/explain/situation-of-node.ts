import { rulesetOf } from '../chains/layout.ts';
import type { LayoutSettings } from '../chains/layout-choice.ts';
import { claimsOf } from '../inspect/check/claims.ts';
import { nodeFacts } from '../inspect/facts.ts';
import { programOf, type Program } from '../inspect/program.ts';
import type { Cluster } from '../model/objects.ts';
import type { Settings } from '../model/settings.ts';
import type { Family } from '../net/address.ts';
import { nodeView, type Host, type NodeIdentity } from '../routing/node-view.ts';
import { clusterRoutes } from '../routing/routes.ts';
import type { Machine, Situation } from './situation.ts';

/** A node of a cluster. */
export interface NodeInCluster {
  readonly cluster: Cluster;
  readonly settings: Settings;
  readonly identity: NodeIdentity;
  readonly host: Host;
}

/** Which rules: made of the cluster, or found somewhere, perhaps on a machine that can be asked more. */
export type Rules =
  | { readonly kind: 'made'; readonly layout: LayoutSettings }
  | { readonly kind: 'found'; readonly program: Program; readonly machine: Machine | undefined };

export function situationOfNode(
  { cluster, settings, identity, host }: NodeInCluster,
  family: Family,
  rules: Rules,
): Situation {
  const view = nodeView(family, settings, identity, host);
  const services = clusterRoutes(cluster, view);
  const routes = services.flatMap((service) => service.routes);
  return {
    view,
    facts: nodeFacts(host.interfaceAddresses),
    program: rules.kind === 'found' ? rules.program : programOf(rulesetOf(rules.layout, services, view)),
    rulesAre: rules.kind,
    wanted: { cluster, routes, claims: claimsOf(routes) },
    machine: rules.kind === 'found' ? rules.machine : undefined,
  };
}
