import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { borderOf, hasComments, placeOf } from './comments.ts';
import { nodePortJumps } from './dispatch.ts';
import {
  FILTER_JUMPS,
  forwarding,
  KUBE_SERVICES,
  kubeletFirewall,
  markMasquerade,
  NAT_JUMPS,
  postrouting,
} from './fixed.ts';
import type { ChainName } from './names.ts';
import type { Chain, Rule, Ruleset, TableName } from './rule.ts';
import { serviceChains } from './service-chains.ts';
import { serviceChainNames } from './service-names.ts';
import { CLASSIC_DISPATCH } from './service-rules.ts';

/**
 * The classic layout: chain for chain what kube-proxy 1.36 leaves in the kernel in its iptables mode.
 *
 * Rules are made while a table is walked and none is kept, which is also what keeps the making cheap:
 * were some of them long-lived, V8 would take all for long-lived.
 */
export function classicRuleset(services: readonly ServiceRoutes[], view: NodeView): Ruleset {
  const border = borderOf(services);
  const ports = services.flatMap((service) =>
    service.routes.map((route) => ({
      route,
      names: serviceChainNames(route),
      options: { endpointComments: hasComments(placeOf(service), border) },
    })),
  );
  function* dispatchChains(
    tableName: TableName,
    tail: (chain: ChainName) => readonly Rule[],
  ): Iterable<Chain> {
    for (const { table, chain, rulesOf } of CLASSIC_DISPATCH) {
      if (table !== tableName) continue;
      const rules = {
        *[Symbol.iterator]() {
          for (const { route, names } of ports) yield* rulesOf(route, names);
          yield* tail(chain);
        },
      };
      yield { name: chain, rules };
    }
  }

  function* filterChains(): Iterable<Chain> {
    yield kubeletFirewall(view);
    yield forwarding(view);
    yield* dispatchChains('filter', () => []);
  }

  function* natChains(): Iterable<Chain> {
    yield postrouting(view);
    yield markMasquerade(view);
    for (const { route, names, options } of ports) yield* serviceChains(route, names, view, options);
    yield* dispatchChains('nat', (chain) => (chain === KUBE_SERVICES ? nodePortJumps(view) : []));
  }

  return {
    family: view.family,
    tables: [
      { name: 'filter', jumps: FILTER_JUMPS, chains: filterChains },
      { name: 'nat', jumps: NAT_JUMPS, chains: natChains },
    ],
  };
}
