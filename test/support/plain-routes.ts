import { joinHostPort, type Address } from '../../src/net/address.ts';
import type { NodeView } from '../../src/routing/node-view.ts';
import type { Endpoint, EndpointChoice, Route } from '../../src/routing/route.ts';

/* What routing makes of objects, of which nothing is asked but what is said. */

/** A node that cannot tell its pods, with kube-proxy's mark. */
export function plainView(fields: Partial<NodeView> = {}): NodeView {
  return {
    family: 'ipv4',
    name: 'node-a',
    zone: undefined,
    address: '192.168.77.10' as Address,
    localPods: { kind: 'unknown' },
    nodePorts: { kind: 'anyLocalAddress', loopback: true },
    localhostNodePorts: true,
    externalIPs: true,
    masqueradeAll: false,
    masqueradeMark: 0x4000,
    dropInvalid: true,
    ...fields,
  };
}

/** An endpoint on another node that serves. */
export function plainEndpoint(address: Address, port: number, fields: Partial<Endpoint> = {}): Endpoint {
  return {
    address,
    port,
    text: joinHostPort(address, port),
    local: false,
    ready: true,
    serving: true,
    terminating: false,
    zoneHints: [],
    nodeHints: [],
    ...fields,
  };
}

/** All of these for policy Cluster, some for policy Local. */
export function choice(cluster: readonly Endpoint[], local: readonly Endpoint[] = []): EndpointChoice {
  return { cluster, local, reachable: cluster, anywhere: cluster.length > 0 };
}

/** A service port on nothing but its cluster IP. */
export function plainRoute(
  fields: Partial<Route> & Pick<Route, 'service' | 'clusterIP' | 'port' | 'endpoints'>,
): Route {
  const namespace = fields.namespace ?? 'default';
  return {
    family: 'ipv4',
    namespace,
    label: `${namespace}/${fields.service}`,
    protocol: 'tcp',
    nodePort: undefined,
    externalIPs: [],
    loadBalancerIPs: [],
    sourceRanges: [],
    affinitySeconds: undefined,
    internalPolicy: 'Cluster',
    externalPolicy: 'Cluster',
    healthCheckNodePort: undefined,
    ...fields,
  };
}
