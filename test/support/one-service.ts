import type { Address, Cidr } from '../../src/net/address.ts';
import type { NodeView } from '../../src/routing/node-view.ts';
import type { Endpoint, EndpointChoice, Route } from '../../src/routing/route.ts';

/* A node, and a service port that answers in every way: for tests that change a field of it. */

export const NODE = '192.168.77.10' as Address;
export const POD = '10.244.1.5' as Address;

export const view: NodeView = {
  family: 'ipv4',
  name: 'node-a',
  zone: undefined,
  address: NODE,
  localPods: { kind: 'source', cidr: '10.244.0.0/16' as Cidr },
  nodePorts: { kind: 'anyLocalAddress', loopback: true },
  localhostNodePorts: true,
  masqueradeAll: false,
  masqueradeMark: 0x4000,
  dropInvalid: true,
};

export function endpoint(address: string, local: boolean): Endpoint {
  const state = { ready: true, serving: true, terminating: false, zoneHints: [], nodeHints: [] };
  return { address: address as Address, port: 80, text: `${address}:80`, local, ...state };
}

export const here = endpoint(POD, true);
export const there = endpoint('10.244.2.5', false);
export const onNode = endpoint(NODE, true);

export function choice(cluster: readonly Endpoint[], local: readonly Endpoint[] = []): EndpointChoice {
  return { cluster, local, reachable: cluster, anywhere: cluster.length > 0 };
}

export const route: Route = {
  family: 'ipv4',
  namespace: 'default',
  service: 'web',
  label: 'default/web',
  protocol: 'tcp',
  clusterIP: '10.96.0.10' as Address,
  port: 80,
  nodePort: 30080,
  externalIPs: ['198.51.100.1' as Address],
  loadBalancerIPs: ['198.51.100.2' as Address],
  sourceRanges: [],
  affinitySeconds: undefined,
  internalPolicy: 'Cluster',
  externalPolicy: 'Cluster',
  healthCheckNodePort: undefined,
  endpoints: choice([here, there]),
};
