import { cidrContains } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Endpoint, Route } from '../routing/route.ts';
import { comment, commentedJump, destinationPort, except, host, jump, only } from './build.ts';
import { oneIn } from './chance.ts';
import { KUBE_MARK_MASQ } from './fixed.ts';
import type { ChainName } from './names.ts';
import type { Chain, Match, Rule } from './rule.ts';
import { endpointChain, type ServiceChainNames } from './service-names.ts';

export interface ServiceChainOptions {
  /** Comments on the rules of endpoints; kube-proxy leaves them out past 1,000 endpoints. */
  readonly endpointComments: boolean;
}

/**
 * The chains of one service port in the nat table: endpoints first, then who jumps to them, so that
 * no jump precedes its target.
 *
 * Source: the service loop of syncProxyRules in pkg/proxy/iptables/proxier.go.
 */
export function serviceChains(
  route: Route,
  names: ServiceChainNames,
  view: NodeView,
  options: ServiceChainOptions,
): readonly Chain[] {
  const endpointNames = new Map(
    route.endpoints.reachable.map((endpoint) => [endpoint, endpointChain(route, endpoint)]),
  );
  const chains: Chain[] = [];
  const service = `${route.namespace}/${route.service}`;
  const add = (name: ChainName, rules: readonly Rule[]): void => {
    chains.push({ name, rules, service });
  };
  for (const [endpoint, name] of endpointNames) {
    const clients = route.affinitySeconds === undefined ? undefined : name;
    add(name, endpointRules(route, endpoint, clients, options));
  }
  const balance = (endpoints: readonly Endpoint[]): readonly Rule[] =>
    balancing(route, endpoints, endpointNames, options);
  const masquerade = internalMasquerade(route, view);
  const internalRules = (chain: ChainName): readonly Rule[] =>
    names.internal === chain && masquerade !== undefined ? [masquerade] : [];

  if (names.hasClusterChain) {
    add(names.cluster, [...internalRules(names.cluster), ...balance(route.endpoints.cluster)]);
  }
  if (names.local !== undefined) {
    add(names.local, [...internalRules(names.local), ...balance(route.endpoints.local)]);
  }
  if (names.external !== undefined) add(names.external, externalRules(route, view, names));
  if (names.firewall !== undefined && names.external !== undefined) {
    add(names.firewall, sourceRangeRules(route, view, names.external));
  }
  return chains;
}

/**
 * An endpoint that reaches itself through its service is masqueraded, or it would see its own address.
 *
 * @param clients the list of those who come back to this endpoint, where the service has session affinity
 */
export function endpointRules(
  route: Route,
  endpoint: Endpoint,
  clients: ChainName | undefined,
  options: ServiceChainOptions,
): readonly Rule[] {
  const { family, protocol, label } = route;
  const comments = options.endpointComments ? [comment(label)] : [];
  const remember: readonly Match[] =
    clients === undefined ? [] : [{ kind: 'rememberSource', list: clients, family }];
  return [
    { source: host(endpoint.address), matches: comments, target: jump(KUBE_MARK_MASQ) },
    {
      protocol,
      matches: [...comments, ...remember, { kind: 'protocol', protocol }],
      target: { kind: 'dnat', address: endpoint.address, port: endpoint.port },
    },
  ];
}

/** Clients that were here lately go back to their endpoint; the rest is dealt out evenly. */
function balancing(
  route: Route,
  endpoints: readonly Endpoint[],
  chains: ReadonlyMap<Endpoint, ChainName>,
  options: ServiceChainOptions,
): readonly Rule[] {
  const sticky: Rule[] = [];
  const dealt: Rule[] = [];
  endpoints.forEach((endpoint, index) => {
    const chain = chains.get(endpoint);
    if (chain === undefined) throw new Error(`${route.label}: no chain for endpoint ${endpoint.text}`);
    if (route.affinitySeconds !== undefined) {
      sticky.push(stickyRule(route, endpoint, chain, route.affinitySeconds, options));
    }
    const comments = options.endpointComments ? [comment(`${route.label} -> ${endpoint.text}`)] : [];
    const remaining = endpoints.length - index;
    const chance: readonly Match[] = remaining > 1 ? [{ kind: 'chance', chance: oneIn(remaining) }] : [];
    dealt.push({ matches: [...comments, ...chance], target: jump(chain) });
  });
  return [...sticky, ...dealt];
}

/** Sends clients that this endpoint served lately to it again. */
export function stickyRule(
  route: Route,
  endpoint: Endpoint,
  chain: ChainName,
  seconds: number,
  options: ServiceChainOptions,
): Rule {
  const comments = options.endpointComments ? [comment(`${route.label} -> ${endpoint.text}`)] : [];
  const seen: Match = { kind: 'recentlySeen', list: chain, seconds, family: route.family };
  return { matches: [...comments, seen], target: jump(chain) };
}

/**
 * Traffic from outside the pod network to a cluster IP is masqueraded, since the endpoint's answer
 * might not come back through this node.
 */
export function internalMasquerade(route: Route, view: NodeView): Rule | undefined {
  if (route.clusterIP === undefined) return undefined;
  const toClusterIP = {
    destination: host(route.clusterIP),
    protocol: route.protocol,
    matches: [comment(`${route.label} cluster IP`), destinationPort(route.protocol, route.port)],
    target: jump(KUBE_MARK_MASQ),
  };
  if (view.masqueradeAll) return toClusterIP;
  switch (view.localPods.kind) {
    case 'unknown':
      return undefined;
    case 'source':
      return { source: except(view.localPods.cidr), ...toClusterIP };
    case 'interface':
      return { inInterface: except(view.localPods.name), ...toClusterIP };
  }
}

export function externalRules(route: Route, view: NodeView, names: ServiceChainNames): readonly Rule[] {
  const rules: Rule[] = [];
  const described = (what: string): Match =>
    comment(`${what} traffic for ${route.label} external destinations`);
  if (route.externalPolicy === 'Cluster') {
    // The endpoint may be on another node, whose answer must come back through here.
    rules.push({ matches: [described('masquerade')], target: jump(KUBE_MARK_MASQ) });
  } else {
    // Policy Local binds the outside only: pods and the node itself reach every endpoint, as if
    // they went out to the load balancer and came back.
    const fromPod = { matches: [described('pod')], target: jump(names.cluster) };
    if (view.localPods.kind === 'source') rules.push({ source: only(view.localPods.cidr), ...fromPod });
    if (view.localPods.kind === 'interface')
      rules.push({ inInterface: only(view.localPods.name), ...fromPod });
    const fromNode: Match = { kind: 'localAddress', side: 'source' };
    rules.push(
      { matches: [described('masquerade LOCAL'), fromNode], target: jump(KUBE_MARK_MASQ) },
      { matches: [described('route LOCAL'), fromNode], target: jump(names.cluster) },
    );
  }
  if (names.externalPolicy !== undefined) rules.push({ matches: [], target: jump(names.externalPolicy) });
  return rules;
}

/** Lets the source ranges through; what comes to the end of this chain is dropped in the filter table. */
export function sourceRangeRules(route: Route, view: NodeView, external: ChainName): readonly Rule[] {
  const allowed = commentedJump(`${route.label} loadbalancer IP`, external);
  const rules: Rule[] = route.sourceRanges.map((range) => ({ source: only(range), ...allowed }));
  // A load-balancer address may be a local address of the node: its own requests carry it as source.
  if (route.sourceRanges.some((range) => cidrContains(range, view.address))) {
    rules.push(...route.loadBalancerIPs.map((address) => ({ source: host(address), ...allowed })));
  }
  const fellThrough = `other traffic to ${route.label} will be dropped by KUBE-PROXY-FIREWALL`;
  return [...rules, { matches: [comment(fellThrough)] }];
}
