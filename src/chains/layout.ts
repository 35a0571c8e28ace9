import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import type { CommentPolicy } from './comments.ts';
import { indexedRuleset } from './indexed-ruleset.ts';
import { layoutFor, type ListLengths, type LayoutName, type LayoutSettings } from './layout-choice.ts';
import type { Ruleset } from './rule.ts';
import { classicRuleset } from './ruleset.ts';

/** A layout that is settled. */
export interface Layout {
  readonly name: LayoutName;
  readonly comments: CommentPolicy;
}

/**
 * All rules of one family on one node, in the layout asked for; `auto` as for a node of which nothing else
 * is known.
 */
export function rulesetOf(
  { name, comments }: LayoutSettings,
  services: readonly ServiceRoutes[],
  view: NodeView,
): Ruleset {
  switch (layoutFor(name, listLengths(services), undefined)) {
    case 'classic':
      return classicRuleset(services, view, comments);
    case 'indexed':
      return indexedRuleset(services, view, comments);
  }
}

function listLengths(services: readonly ServiceRoutes[]): ListLengths {
  let servicePorts = 0;
  let mostEndpoints = 0;
  for (const { routes, endpointCount } of services) {
    servicePorts += routes.length;
    mostEndpoints = Math.max(mostEndpoints, endpointCount / routes.length);
  }
  return { servicePorts, mostEndpoints };
}
