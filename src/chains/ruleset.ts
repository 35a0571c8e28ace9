import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { dispatch, nodePortJumps, type Dispatch } from './dispatch.ts';
import {
  FILTER_JUMPS,
  forwarding,
  KUBE_EXTERNAL_SERVICES,
  KUBE_NODEPORTS,
  KUBE_PROXY_FIREWALL,
  KUBE_SERVICES,
  kubeletFirewall,
  markMasquerade,
  NAT_JUMPS,
  postrouting,
} from './fixed.ts';
import type { Chain, Ruleset } from './rule.ts';
import { servicesWithComments } from './comments.ts';
import { serviceChains } from './service-chains.ts';

/**
 * The classic layout: chain for chain what kube-proxy 1.36 leaves in the kernel in its iptables mode.
 * The chains of services are made while a table is walked and never kept.
 */
export function classicRuleset(services: readonly ServiceRoutes[], view: NodeView): Ruleset {
  const routes = services.flatMap((service) => service.routes);
  const commented = servicesWithComments(services);
  let collected: Dispatch | undefined;
  const dispatches = (): Dispatch => (collected ??= joinDispatches(routes.map(dispatch)));

  function* filterChains(): Iterable<Chain> {
    const { healthChecks, firewall, refusedInternal, refusedExternal } = dispatches();
    yield kubeletFirewall(view);
    yield forwarding(view);
    yield { name: KUBE_NODEPORTS, rules: healthChecks };
    yield { name: KUBE_PROXY_FIREWALL, rules: firewall };
    yield { name: KUBE_SERVICES, rules: refusedInternal };
    yield { name: KUBE_EXTERNAL_SERVICES, rules: refusedExternal };
  }

  function* natChains(): Iterable<Chain> {
    yield postrouting(view);
    yield markMasquerade(view);
    for (const service of services) {
      const options = { endpointComments: commented.has(service) };
      for (const route of service.routes) yield* serviceChains(route, view, options);
    }
    yield { name: KUBE_NODEPORTS, rules: dispatches().nodePorts };
    yield { name: KUBE_SERVICES, rules: [...dispatches().services, ...nodePortJumps(view)] };
  }

  return {
    family: view.family,
    tables: [
      { name: 'filter', jumps: FILTER_JUMPS, chains: filterChains },
      { name: 'nat', jumps: NAT_JUMPS, chains: natChains },
    ],
  };
}

function joinDispatches(parts: readonly Dispatch[]): Dispatch {
  return {
    services: parts.flatMap((part) => part.services),
    nodePorts: parts.flatMap((part) => part.nodePorts),
    refusedInternal: parts.flatMap((part) => part.refusedInternal),
    refusedExternal: parts.flatMap((part) => part.refusedExternal),
    firewall: parts.flatMap((part) => part.firewall),
    healthChecks: parts.flatMap((part) => part.healthChecks),
  };
}
