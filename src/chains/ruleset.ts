import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import type { CommentPolicy } from './comments.ts';
import { inStyle, styledServices, type StyledService } from './comment-style.ts';
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
import { LazyRules } from './lazy-rules.ts';
import type { ChainName } from './names.ts';
import type { Chain, Rule, Ruleset, TableName } from './rule.ts';
import { serviceChainNames } from './service-names.ts';
import { classicServiceChains, DISPATCH } from './service-rules.ts';

/**
 * The classic layout: chain for chain what kube-proxy 1.36 leaves in the kernel in its iptables mode.
 *
 * Rules are made while a table is walked and none is kept, which is also what keeps the making cheap:
 * were some of them long-lived, V8 would take all for long-lived.
 */
export function classicRuleset(
  services: readonly ServiceRoutes[],
  view: NodeView,
  comments: CommentPolicy = 'auto',
): Ruleset {
  return classicRulesetOf(styledServices(services, 'classic', comments), view);
}

export function classicRulesetOf(services: readonly StyledService[], view: NodeView): Ruleset {
  const ports = services.flatMap(({ service, style }) =>
    service.routes.map((route) => ({ route, names: serviceChainNames(route), style })),
  );
  function* dispatchChains(
    tableName: TableName,
    tail: (chain: ChainName) => readonly Rule[],
  ): Iterable<Chain> {
    for (const { table, chain, rulesOf } of DISPATCH) {
      if (table !== tableName) continue;
      const rules = new LazyRules(function* () {
        for (const { route, names, style } of ports) yield* inStyle(rulesOf(route, names), style);
        yield* tail(chain);
      });
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
    for (const { route, names, style } of ports) yield* classicServiceChains(route, names, view, style);
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
