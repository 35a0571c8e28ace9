import type { Cluster, EndpointSlice, Protocol, Service } from '../../../src/model/objects.ts';
import type { Address, Family } from '../../../src/net/address.ts';
import type { NodeView } from '../../../src/routing/node-view.ts';
import { plainService, plainSlice, readyEndpoint } from '../../support/plain-objects.ts';
import { plainView } from '../../support/plain-routes.ts';
import { ADDRESSES, addressIn, SERVICE_BITS, type Range } from './addresses.ts';
import { distinctNumbers, randomNumbers } from './random.ts';

/*
 * The cluster that packets are sent into. Its services have random cluster IPs, one port and two endpoints,
 * every fourth a UDP port, and every tenth a node port; one in a hundred has no endpoints. Two services
 * more have 1,000 endpoints each.
 */

const SERVICE_PORT = 80;
export const ENDPOINT_PORT = 8080;
const FIRST_NODE_PORT = 30_000;
const ENDPOINTS = 2;
const MANY_ENDPOINTS = 1_000;
const NODE = 'node-1';
const SEED = 20_261_121;

export type Transport = Extract<Protocol, 'tcp' | 'udp'>;

/** A service, as far as the benchmark has to know it in order to send to it. */
export interface BenchService {
  readonly name: string;
  readonly transport: Transport;
  readonly clusterIP: Address;
  readonly port: number;
  readonly nodePort: number | undefined;
  /** Where its endpoints are. */
  readonly place: Extract<Range, 'localPods' | 'remotePods'>;
  readonly endpoints: readonly Address[];
}

export interface BenchCluster {
  readonly family: Family;
  readonly services: readonly BenchService[];
  /** Addresses in the service range that no service has. */
  readonly unusedIPs: readonly Address[];
}

export function benchCluster(family: Family, count: number): BenchCluster {
  const hosts = distinctNumbers(randomNumbers(SEED), count + 2 + 64, 2 ** SERVICE_BITS);
  const ips = hosts.map((host) => addressIn(family, 'services', host));
  const ordinary = ips.slice(0, count).map((clusterIP, index) => ordinaryService(family, index, clusterIP));
  const large = (['tcp', 'udp'] as const).flatMap((transport, position) => {
    const first = ENDPOINTS * count + MANY_ENDPOINTS * position;
    return ips.slice(count + position, count + position + 1).map((clusterIP): BenchService => ({
      name: `many-endpoints-${transport}`,
      transport,
      clusterIP,
      port: SERVICE_PORT,
      nodePort: undefined,
      place: 'localPods',
      endpoints: endpoints(family, 'localPods', first, MANY_ENDPOINTS),
    }));
  });
  return { family, services: [...ordinary, ...large], unusedIPs: ips.slice(count + 2) };
}

function ordinaryService(family: Family, index: number, clusterIP: Address): BenchService {
  const place = Math.floor(index / 4) % 2 === 0 ? 'localPods' : 'remotePods';
  const hasNone = index % 100 === 50 || index % 100 === 51;
  return {
    name: `service-${index}`,
    transport: index % 4 === 3 ? 'udp' : 'tcp',
    clusterIP,
    port: SERVICE_PORT,
    nodePort: index % 10 === 3 ? FIRST_NODE_PORT + Math.floor(index / 10) : undefined,
    place,
    endpoints: hasNone ? [] : endpoints(family, place, index * ENDPOINTS, ENDPOINTS),
  };
}

function endpoints(family: Family, range: Range, first: number, count: number): readonly Address[] {
  return Array.from({ length: count }, (_, position) => addressIn(family, range, first + position + 1));
}

/** The same cluster as the proxy sees it. */
export function modelOf({ family, services }: BenchCluster): Cluster {
  return {
    services: services.map((service) => serviceObject(family, service)),
    slices: services.map((service) => sliceObject(family, service)),
    nodes: [],
  };
}

export function serviceObject(family: Family, service: BenchService): Service {
  const { name, transport, clusterIP, port, nodePort } = service;
  return plainService({
    namespace: 'bench',
    name,
    type: nodePort === undefined ? 'ClusterIP' : 'NodePort',
    clusterIPs: [clusterIP],
    families: [family],
    ports: [{ name: 'main', protocol: transport, port, nodePort }],
  });
}

export function sliceObject(family: Family, service: BenchService): EndpointSlice {
  const { name, transport, place } = service;
  const nodeName = place === 'localPods' ? NODE : 'node-2';
  return plainSlice({
    namespace: 'bench',
    serviceName: name,
    family,
    ports: [{ name: 'main', protocol: transport, port: ENDPOINT_PORT }],
    endpoints: service.endpoints.map((address) => readyEndpoint({ address, nodeName })),
  });
}

/** The node with the settings that kube-proxy has by default in a cluster with a known pod network. */
export function benchView(family: Family): NodeView {
  const { node, pods } = ADDRESSES[family];
  return plainView({
    family,
    name: NODE,
    address: node,
    localPods: { kind: 'source', cidr: pods },
    nodePorts: { kind: 'anyLocalAddress', loopback: family === 'ipv4' },
    localhostNodePorts: family === 'ipv4',
  });
}
