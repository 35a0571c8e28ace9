import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import {
  externalRefusalRules,
  firewallRules,
  healthCheckRules,
  internalRefusalRules,
  nodePortRules,
  serviceRules,
  type DispatchRules,
} from './dispatch.ts';
import { KUBE_EXTERNAL_SERVICES, KUBE_NODEPORTS, KUBE_PROXY_FIREWALL, KUBE_SERVICES } from './fixed.ts';
import type { ChainName } from './names.ts';
import type { Chain, Rule, TableName } from './rule.ts';
import { serviceChains } from './service-chains.ts';
import { serviceChainNames } from './service-names.ts';

/** A dispatch chain, and which rules of a service port stand in it. */
export interface DispatchChain {
  readonly table: TableName;
  readonly chain: ChainName;
  readonly rulesOf: DispatchRules;
}

/** The dispatch chains of the classic layout. */
export const CLASSIC_DISPATCH: readonly DispatchChain[] = [
  { table: 'filter', chain: KUBE_NODEPORTS, rulesOf: healthCheckRules },
  { table: 'filter', chain: KUBE_PROXY_FIREWALL, rulesOf: firewallRules },
  { table: 'filter', chain: KUBE_SERVICES, rulesOf: internalRefusalRules },
  { table: 'filter', chain: KUBE_EXTERNAL_SERVICES, rulesOf: externalRefusalRules },
  { table: 'nat', chain: KUBE_NODEPORTS, rulesOf: nodePortRules },
  { table: 'nat', chain: KUBE_SERVICES, rulesOf: serviceRules },
];

/** Everything that one service adds to the rules of a node. */
export interface ServiceRules {
  /** Its own chains, all in the nat table. */
  readonly chains: readonly Chain[];
  readonly dispatch: readonly DispatchEntry[];
}

/** A rule of the service in a chain that it shares with all others. */
export interface DispatchEntry {
  readonly table: TableName;
  readonly chain: ChainName;
  readonly rule: Rule;
}

export function rulesOfService(
  { routes }: ServiceRoutes,
  view: NodeView,
  endpointComments: boolean,
): ServiceRules {
  const ports = routes.map((route) => ({ route, names: serviceChainNames(route) }));
  return {
    chains: ports.flatMap(({ route, names }) => serviceChains(route, names, view, { endpointComments })),
    dispatch: CLASSIC_DISPATCH.flatMap(({ table, chain, rulesOf }) =>
      ports.flatMap(({ route, names }) => rulesOf(route, names).map((rule) => ({ table, chain, rule }))),
    ),
  };
}
