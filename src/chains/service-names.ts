import type { Endpoint, Route } from '../routing/route.ts';
import { isExternallyAccessible } from '../routing/route.ts';
import { endpointChainName, serviceChainName, type ChainName } from './names.ts';

/** Which chains a service port has, and where its traffic enters them; undefined where there is none. */
export interface ServiceChainNames {
  /** Traffic by policy Cluster. */
  readonly cluster: ChainName;
  /** Traffic by policy Local; undefined where no endpoint is on this node. */
  readonly local: ChainName | undefined;
  /** Where the cluster IP leads; undefined where no endpoint may take its traffic. */
  readonly internal: ChainName | undefined;
  /** Where node ports and external IPs lead. */
  readonly external: ChainName | undefined;
  /** Where external traffic goes on to; undefined where policy Local finds nobody here. */
  readonly externalPolicy: ChainName | undefined;
  /** Stands before `external` for load-balancer addresses with source ranges. */
  readonly firewall: ChainName | undefined;
  readonly hasClusterChain: boolean;
}

/**
 * Hashing is the dearest part of making rules: the names are worked out once and handed on.
 * Source: the head of the service loop of syncProxyRules in pkg/proxy/iptables/proxier.go.
 */
export function serviceChainNames(route: Route): ServiceChainNames {
  const { label, protocol, endpoints, internalPolicy, externalPolicy } = route;
  const cluster = serviceChainName('SVC', label, protocol);
  const local = endpoints.local.length > 0 ? serviceChainName('SVL', label, protocol) : undefined;
  const accessible = isExternallyAccessible(route);
  const policyChain = (policy: Route['internalPolicy']): ChainName | undefined => {
    if (policy === 'Cluster') return endpoints.anywhere ? cluster : undefined;
    return local;
  };
  const firewalled = route.loadBalancerIPs.length > 0 && route.sourceRanges.length > 0;
  return {
    cluster,
    local,
    internal: policyChain(internalPolicy),
    external: endpoints.anywhere && accessible ? serviceChainName('EXT', label, protocol) : undefined,
    externalPolicy: policyChain(externalPolicy),
    firewall: endpoints.anywhere && firewalled ? serviceChainName('FW', label, protocol) : undefined,
    hasClusterChain: endpoints.cluster.length > 0,
  };
}

/** Names of a route's chains: worked out anew, or looked up where they are at hand. */
export type NamesOf = (route: Route) => ServiceChainNames;

/** Works each route's names out once, and holds them for as long as this function is held. */
export function rememberedNames(): NamesOf {
  const names = new Map<Route, ServiceChainNames>();
  return (route) => {
    const known = names.get(route) ?? serviceChainNames(route);
    names.set(route, known);
    return known;
  };
}

export function endpointChain(route: Route, endpoint: Endpoint): ChainName {
  return endpointChainName(route.label, route.protocol, endpoint.text);
}
