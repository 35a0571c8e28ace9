import type { NodeView } from '../routing/node-view.ts';
import type { Endpoint, Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { hasEndpointComments, inStyle, type CommentStyle } from './comment-style.ts';
import { dealing, type Dealing } from './dealing.ts';
import type { ChainName } from './names.ts';
import type { Chain, Rule } from './rule.ts';
import { endpointRules, externalRules, internalMasquerade, sourceRangeRules } from './service-chains.ts';
import { endpointChain, serviceChainNames, type ServiceChainNames } from './service-names.ts';
import type { ServiceRules } from './service-rules.ts';

/** The chains of one service; what it adds to the dispatch trees depends on all services. */
export function indexedServiceRules(
  { routes }: ServiceRoutes,
  view: NodeView,
  style: CommentStyle,
): ServiceRules {
  const chains = routes.flatMap((route) =>
    indexedServiceChains(route, serviceChainNames(route), view, style),
  );
  return { chains, dispatch: [] };
}

/**
 * The chains of one service port in the indexed layout. They mean what the classic ones do, with fewer and
 * smaller rules: the last endpoint of each chain stands in it and not in a chain of its own, and a service
 * with many endpoints deals out its connections by a tree.
 */
export function indexedServiceChains(
  route: Route,
  names: ServiceChainNames,
  view: NodeView,
  style: CommentStyle,
): readonly Chain[] {
  const options = { endpointComments: hasEndpointComments(style) };
  const service = `${route.namespace}/${route.service}`;
  const chainOf = (name: ChainName, rules: readonly Rule[]): Chain => ({
    name,
    rules: inStyle(rules, style),
    service,
  });
  const endpointNames = new Map<Endpoint, ChainName>();
  const nameOf = (endpoint: Endpoint): ChainName => {
    const name = endpointNames.get(endpoint) ?? endpointChain(route, endpoint);
    endpointNames.set(endpoint, name);
    return name;
  };
  const clientsOf = (endpoint: Endpoint): ChainName | undefined =>
    route.affinitySeconds === undefined ? undefined : nameOf(endpoint);
  const context = { route, options, nameOf, clientsOf, chainOf };
  const deal = (endpoints: readonly Endpoint[], chain: ChainName): Dealing =>
    dealing(endpoints, chain, context);
  const cluster = names.hasClusterChain ? deal(route.endpoints.cluster, names.cluster) : undefined;
  const local = names.local === undefined ? undefined : deal(route.endpoints.local, names.local);

  const chains: Chain[] = [];
  for (const endpoint of route.endpoints.reachable) {
    if (cluster?.jumpsTo.has(endpoint) !== true && local?.jumpsTo.has(endpoint) !== true) continue;
    chains.push(chainOf(nameOf(endpoint), endpointRules(route, endpoint, clientsOf(endpoint), options)));
  }
  const masquerade = masqueradeRules(route, names, view);
  for (const [name, dealt] of [
    [names.cluster, cluster],
    [names.local, local],
  ] as const) {
    if (name === undefined || dealt === undefined) continue;
    chains.push(...dealt.groups);
    chains.push(chainOf(name, [...(names.internal === name ? masquerade : []), ...dealt.rules]));
  }
  if (names.external !== undefined) chains.push(chainOf(names.external, externalRules(route, view, names)));
  if (names.firewall !== undefined && names.external !== undefined) {
    chains.push(chainOf(names.firewall, sourceRangeRules(route, view, names.external)));
  }
  return chains;
}

/** A chain that nothing but the cluster IP leads to need not ask for it again. */
function masqueradeRules(route: Route, names: ServiceChainNames, view: NodeView): readonly Rule[] {
  const rule = internalMasquerade(route, view);
  if (rule === undefined) return [];
  if (names.external !== undefined) return [rule];
  const { source, inInterface, target } = rule;
  const matches = rule.matches.filter(({ kind }) => kind === 'comment');
  return [
    { ...(source && { source }), ...(inInterface && { inInterface }), matches, ...(target && { target }) },
  ];
}
