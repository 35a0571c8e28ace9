import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
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
import { hasEndpointComments, inStyle, type CommentStyle } from './comment-style.ts';
import type { ChainName, TreeKind } from './names.ts';
import type { Chain, Rule, TableName } from './rule.ts';
import { serviceChains } from './service-chains.ts';
import { serviceChainNames, type ServiceChainNames } from './service-names.ts';

/** A dispatch chain, and which rules of a service port stand in it. */
export interface DispatchChain {
  readonly table: TableName;
  readonly chain: ChainName;
  readonly rulesOf: DispatchRules;
  /** Of the chains that the rules are spread over in the indexed layout. */
  readonly tree: TreeKind;
}

export const DISPATCH: readonly DispatchChain[] = [
  { table: 'filter', chain: KUBE_NODEPORTS, rulesOf: healthCheckRules, tree: 'HC' },
  { table: 'filter', chain: KUBE_PROXY_FIREWALL, rulesOf: firewallRules, tree: 'LB' },
  { table: 'filter', chain: KUBE_SERVICES, rulesOf: internalRefusalRules, tree: 'RI' },
  { table: 'filter', chain: KUBE_EXTERNAL_SERVICES, rulesOf: externalRefusalRules, tree: 'RE' },
  { table: 'nat', chain: KUBE_NODEPORTS, rulesOf: nodePortRules, tree: 'NP' },
  { table: 'nat', chain: KUBE_SERVICES, rulesOf: serviceRules, tree: 'IP' },
];

/** What one service adds to the rules of a node. */
export interface ServiceRules {
  /** Its own chains, all in the nat table. */
  readonly chains: readonly Chain[];
  /** Empty in the indexed layout, where the rules of all services make the chains that they stand in. */
  readonly dispatch: readonly DispatchRule[];
}

/** A rule of the service in a chain that it shares with all others. */
export interface DispatchRule {
  readonly table: TableName;
  readonly chain: ChainName;
  readonly rule: Rule;
}

export function rulesOfService({ routes }: ServiceRoutes, view: NodeView, style: CommentStyle): ServiceRules {
  const ports = routes.map((route) => ({ route, names: serviceChainNames(route) }));
  return {
    chains: ports.flatMap(({ route, names }) => classicServiceChains(route, names, view, style)),
    dispatch: DISPATCH.flatMap(({ table, chain, rulesOf }) =>
      ports.flatMap(({ route, names }) =>
        inStyle(rulesOf(route, names), style).map((rule) => ({ table, chain, rule })),
      ),
    ),
  };
}

/** The chains of one service port. */
export function classicServiceChains(
  route: Route,
  names: ServiceChainNames,
  view: NodeView,
  style: CommentStyle,
): readonly Chain[] {
  const chains = serviceChains(route, names, view, { endpointComments: hasEndpointComments(style) });
  if (style !== 'none') return chains;
  return chains.map((chain) => ({ ...chain, rules: inStyle([...chain.rules], style) }));
}
