import type { Address, Cidr } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import { comment, destinationPort, except, host, jump } from './build.ts';
import { KUBE_NODEPORTS } from './fixed.ts';
import type { Match, Rule, Target } from './rule.ts';
import { serviceChainNames } from './service-names.ts';

/** The rules by which one service port's packets are told from all others, by the chain they stand in. */
export interface Dispatch {
  /** nat KUBE-SERVICES: addresses that lead to the service's chains. */
  readonly services: readonly Rule[];
  /** nat KUBE-NODEPORTS. */
  readonly nodePorts: readonly Rule[];
  /** filter KUBE-SERVICES: a cluster IP that nobody answers. */
  readonly refusedInternal: readonly Rule[];
  /** filter KUBE-EXTERNAL-SERVICES: external addresses and node ports that nobody answers. */
  readonly refusedExternal: readonly Rule[];
  /** filter KUBE-PROXY-FIREWALL: load-balancer traffic from outside the source ranges. */
  readonly firewall: readonly Rule[];
  /** filter KUBE-NODEPORTS: the load balancer's health checks are let in. */
  readonly healthChecks: readonly Rule[];
}

/** Source: the service loop of syncProxyRules in pkg/proxy/iptables/proxier.go. */
export function dispatch(route: Route): Dispatch {
  const names = serviceChainNames(route);
  const { label, protocol, clusterIP, externalIPs, loadBalancerIPs, nodePort, endpoints } = route;

  const refusal = (policy: Route['internalPolicy']): Target =>
    endpoints.anywhere && policy === 'Local' ? { kind: 'drop' } : { kind: 'reject', family: route.family };
  const why = endpoints.anywhere ? `${label} has no local endpoints` : `${label} has no endpoints`;
  const toService = (address: Address, text: string, target: Target): Rule => ({
    destination: host(address),
    protocol,
    matches: [comment(text), destinationPort(protocol, route.port)],
    target,
  });
  const toNodePort = (port: number, text: string, extra: readonly Match[], target: Target): Rule => ({
    protocol,
    matches: [comment(text), ...extra, destinationPort(protocol, port)],
    target,
  });

  const services: Rule[] = [];
  const nodePorts: Rule[] = [];
  const refusedInternal: Rule[] = [];
  const refusedExternal: Rule[] = [];
  const firewall: Rule[] = [];
  if (clusterIP !== undefined) {
    if (names.internal !== undefined) {
      services.push(toService(clusterIP, `${label} cluster IP`, jump(names.internal)));
    } else {
      refusedInternal.push(toService(clusterIP, why, refusal(route.internalPolicy)));
    }
  }
  if (names.external !== undefined) {
    const { external, firewall: guard } = names;
    services.push(
      ...externalIPs.map((address) => toService(address, `${label} external IP`, jump(external))),
      ...loadBalancerIPs.map((address) =>
        toService(address, `${label} loadbalancer IP`, jump(guard ?? external)),
      ),
    );
    if (nodePort !== undefined) nodePorts.push(toNodePort(nodePort, label, [], jump(external)));
    if (guard !== undefined) {
      const text = `${label} traffic not accepted by ${guard}`;
      firewall.push(...loadBalancerIPs.map((address) => toService(address, text, { kind: 'drop' })));
    }
  }
  if (names.externalPolicy === undefined) {
    const target = refusal(route.externalPolicy);
    refusedExternal.push(
      ...[...externalIPs, ...loadBalancerIPs].map((address) => toService(address, why, target)),
    );
    const local: Match = { kind: 'localAddress', side: 'destination' };
    if (nodePort !== undefined) refusedExternal.push(toNodePort(nodePort, why, [local], target));
  }
  return {
    services,
    nodePorts,
    refusedInternal,
    refusedExternal,
    firewall,
    healthChecks: healthChecks(route),
  };
}

function healthChecks({ healthCheckNodePort, label }: Route): readonly Rule[] {
  if (healthCheckNodePort === undefined) return [];
  return [
    {
      protocol: 'tcp',
      matches: [comment(`${label} health check node port`), destinationPort('tcp', healthCheckNodePort)],
      target: { kind: 'accept' },
    },
  ];
}

const LAST_RULE = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain';

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
