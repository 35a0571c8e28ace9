import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import type { CommentPolicy } from './comments.ts';
import { styledServices, type StyledService } from './comment-style.ts';
import { plantedForest, type DispatchForest } from './dispatch-forest.ts';
import { treeChains } from './dispatch-tree.ts';
import {
  FILTER_JUMPS,
  forwarding,
  kubeletFirewall,
  markMasquerade,
  NAT_JUMPS,
  postrouting,
} from './fixed.ts';
import { indexedServiceChains } from './indexed-service-chains.ts';
import type { Chain, Ruleset, TableName } from './rule.ts';
import { rememberedNames } from './service-names.ts';
import { DISPATCH } from './service-rules.ts';

/**
 * The indexed layout: services are told apart by trees of chains, endpoints of large services dealt out by
 * trees, and comments stand last. It gives every packet the fate that the classic layout gives it.
 */
export function indexedRuleset(
  services: readonly ServiceRoutes[],
  view: NodeView,
  comments: CommentPolicy,
): Ruleset {
  const styled = styledServices(services, 'indexed', comments);
  return indexedRulesetOf(styled, view, plantedForest(styled, view));
}

/** @param forest of the same services */
export function indexedRulesetOf(
  services: readonly StyledService[],
  view: NodeView,
  forest: DispatchForest,
): Ruleset {
  const namesOf = rememberedNames();

  function* dispatchChains(tableName: TableName): Iterable<Chain> {
    for (const dispatch of DISPATCH) {
      if (dispatch.table !== tableName) continue;
      const context = { dispatch, view, namesOf };
      yield* treeChains(context, forest.treeOf(context));
    }
  }

  function* filterChains(): Iterable<Chain> {
    yield kubeletFirewall(view);
    yield forwarding(view);
    yield* dispatchChains('filter');
  }

  function* natChains(): Iterable<Chain> {
    yield postrouting(view);
    yield markMasquerade(view);
    for (const { service, style } of services) {
      for (const route of service.routes) yield* indexedServiceChains(route, namesOf(route), view, style);
    }
    yield* dispatchChains('nat');
  }

  return {
    family: view.family,
    tables: [
      { name: 'filter', jumps: FILTER_JUMPS, chains: filterChains },
      { name: 'nat', jumps: NAT_JUMPS, chains: natChains },
    ],
  };
}
