import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { servicesWithComments } from './comments.ts';
import {
  externalRefusalRules,
  firewallRules,
  healthCheckRules,
  internalRefusalRules,
  nodePortJumps,
  nodePortRules,
  serviceRules,
  type DispatchRules,
} from './dispatch.ts';
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
import type { Chain, Rule, Ruleset } from './rule.ts';
import { serviceChains } from './service-chains.ts';
import { serviceChainNames } from './service-names.ts';

/**
 * The classic layout: chain for chain what kube-proxy 1.36 leaves in the kernel in its iptables mode.
 *
 * Rules are made while a table is walked and none is kept, which is also what keeps the making cheap:
 * were some of them long-lived, V8 would take all for long-lived.
 */
export function classicRuleset(services: readonly ServiceRoutes[], view: NodeView): Ruleset {
  const commented = servicesWithComments(services);
  const ports = services.flatMap((service) =>
    service.routes.map((route) => ({
      route,
      names: serviceChainNames(route),
      options: { endpointComments: commented.has(service) },
    })),
  );
  const each = (rulesOf: DispatchRules): Iterable<Rule> => ({
    *[Symbol.iterator]() {
      for (const { route, names } of ports) yield* rulesOf(route, names);
    },
  });

  function* filterChains(): Iterable<Chain> {
    yield kubeletFirewall(view);
    yield forwarding(view);
    yield { name: KUBE_NODEPORTS, rules: each(healthCheckRules) };
    yield { name: KUBE_PROXY_FIREWALL, rules: each(firewallRules) };
    yield { name: KUBE_SERVICES, rules: each(internalRefusalRules) };
    yield { name: KUBE_EXTERNAL_SERVICES, rules: each(externalRefusalRules) };
  }

  function* natChains(): Iterable<Chain> {
    yield postrouting(view);
    yield markMasquerade(view);
    for (const { route, names, options } of ports) yield* serviceChains(route, names, view, options);
    yield { name: KUBE_NODEPORTS, rules: each(nodePortRules) };
    yield { name: KUBE_SERVICES, rules: inTurn(each(serviceRules), nodePortJumps(view)) };
  }

  return {
    family: view.family,
    tables: [
      { name: 'filter', jumps: FILTER_JUMPS, chains: filterChains },
      { name: 'nat', jumps: NAT_JUMPS, chains: natChains },
    ],
  };
}

function inTurn<Item>(...parts: readonly Iterable<Item>[]): Iterable<Item> {
  return {
    *[Symbol.iterator]() {
      for (const part of parts) yield* part;
    },
  };
}
