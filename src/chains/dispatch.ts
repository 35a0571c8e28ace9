import type { TrafficPolicy } from '../model/objects.ts';
import type { Address, Cidr } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import { comment, destinationPort, except, host, jump } from './build.ts';
import { KUBE_NODEPORTS, LAST_RULE_NOTE } from './fixed.ts';
import type { Match, Rule, Target } from './rule.ts';
import type { ServiceChainNames } from './service-names.ts';

/*
 * The rules by which one service port's packets are told from all others, a function for each chain
 * that they stand in. Source: the service loop of syncProxyRules in pkg/proxy/iptables/proxier.go.
 */

/** One service port's rules in a dispatch chain. */
export type DispatchRules = (route: Route, names: ServiceChainNames) => readonly Rule[];

/** nat KUBE-SERVICES: addresses that lead to the service's chains. */
export const serviceRules: DispatchRules = (route, names) => {
  const { label, clusterIP } = route;
  const { internal, external, firewall } = names;
  const rules: Rule[] = [];
  if (clusterIP !== undefined && internal !== undefined) {
    rules.push(toAddress(route, clusterIP, `${label} cluster IP`, jump(internal)));
  }
  if (external === undefined) return rules;
  for (const address of route.externalIPs) {
    rules.push(toAddress(route, address, `${label} external IP`, jump(external)));
  }
  for (const address of route.loadBalancerIPs) {
    rules.push(toAddress(route, address, `${label} loadbalancer IP`, jump(firewall ?? external)));
  }
  return rules;
};

/** nat KUBE-NODEPORTS. */
export const nodePortRules: DispatchRules = (route, { external }) => {
  if (route.nodePort === undefined || external === undefined) return [];
  return [toNodePort(route, route.nodePort, route.label, [], jump(external))];
};

/** filter KUBE-SERVICES: a cluster IP that nobody answers. */
export const internalRefusalRules: DispatchRules = (route, { internal }) => {
  if (route.clusterIP === undefined || internal !== undefined) return [];
  return [toAddress(route, route.clusterIP, whyRefused(route), refusal(route, route.internalPolicy))];
};

/**
 * filter KUBE-EXTERNAL-SERVICES: external addresses and node ports that nobody answers. Unlike kube-proxy's,
 * an external IP that is a load-balancer IP too is refused by one rule: of two that are equal, edits of the
 * chain would have to be counted.
 */
export const externalRefusalRules: DispatchRules = (route, { externalPolicy }) => {
  if (externalPolicy !== undefined) return [];
  const target = refusal(route, route.externalPolicy);
  const addresses = new Set([...route.externalIPs, ...route.loadBalancerIPs]);
  const rules = Array.from(addresses, (address) => toAddress(route, address, whyRefused(route), target));
  if (route.nodePort === undefined) return rules;
  const local: Match = { kind: 'localAddress', side: 'destination' };
  return [...rules, toNodePort(route, route.nodePort, whyRefused(route), [local], target)];
};

/** filter KUBE-PROXY-FIREWALL: load-balancer traffic from outside the source ranges. */
export const firewallRules: DispatchRules = (route, { firewall }) => {
  if (firewall === undefined) return [];
  const text = `${route.label} traffic not accepted by ${firewall}`;
  return route.loadBalancerIPs.map((address) => toAddress(route, address, text, { kind: 'drop' }));
};

/** filter KUBE-NODEPORTS: the load balancer's health checks are let in. */
export const healthCheckRules: DispatchRules = ({ healthCheckNodePort, label }) => {
  if (healthCheckNodePort === undefined) return [];
  const matches = [comment(`${label} health check node port`), destinationPort('tcp', healthCheckNodePort)];
  return [{ protocol: 'tcp', matches, target: { kind: 'accept' } }];
};

function toAddress(route: Route, address: Address, text: string, target: Target): Rule {
  const { protocol, port } = route;
  const matches = [comment(text), destinationPort(protocol, port)];
  return { destination: host(address), protocol, matches, target };
}

function toNodePort(route: Route, port: number, text: string, extra: readonly Match[], target: Target): Rule {
  const { protocol } = route;
  return { protocol, matches: [comment(text), ...extra, destinationPort(protocol, port)], target };
}

/** Without any endpoint clients are told at once; policy Local without a local one stays silent. */
function refusal(route: Route, policy: TrafficPolicy): Target {
  if (route.endpoints.anywhere && policy === 'Local') return { kind: 'drop' };
  return { kind: 'reject', family: route.family };
}

function whyRefused({ label, endpoints }: Route): string {
  return endpoints.anywhere ? `${label} has no local endpoints` : `${label} has no endpoints`;
}

const LAST_RULE = `kubernetes service nodeports; NOTE: ${LAST_RULE_NOTE}`;

/** The tail of nat KUBE-SERVICES: what is for the node itself may be for a node port. */
export function nodePortJumps(view: NodeView): readonly Rule[] {
  const scope = view.nodePorts;
  const target = jump(KUBE_NODEPORTS);
  if (scope.kind === 'addresses') {
    return scope.addresses.map((address) => ({
      destination: host(address),
      matches: [comment(LAST_RULE)],
      target,
    }));
  }
  const loopback = view.family === 'ipv4' ? ('127.0.0.0/8' as Cidr) : ('::1/128' as Cidr);
  const matches: readonly Match[] = [comment(LAST_RULE), { kind: 'localAddress', side: 'destination' }];
  return [scope.loopback ? { matches, target } : { destination: except(loopback), matches, target }];
}
