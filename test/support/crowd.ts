import type {
  EndpointSlice,
  Protocol,
  Service,
  ServicePort,
  SliceEndpoint,
} from '../../src/model/objects.ts';
import { fromBigInt, toBigInt, type Address, type Cidr, type Family } from '../../src/net/address.ts';
import { NODE_NAME } from './random-events.ts';

/* Many services at once, of all kinds, from a seed: enough of them for the trees of the indexed layout. */

export interface Crowd {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

export interface CrowdShape {
  readonly services: number;
  /** Cluster IPs one after the other, as a small range gives them out, or anywhere in a /12. */
  readonly isDense: boolean;
}

export type Random = () => number;

/** Mulberry32: the same numbers for the same seed, everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pickFrom<Value>(values: readonly Value[], random: Random): Value {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}

interface Nets {
  readonly services: Address;
  readonly externals: Address;
  readonly balancers: Address;
  readonly localPods: Address;
  readonly remotePods: Address;
  readonly node: Address;
  readonly ranges: readonly Cidr[];
}

const NETS = {
  ipv4: {
    services: '10.112.0.1',
    externals: '198.18.1.1',
    balancers: '203.0.114.1',
    localPods: '10.244.1.20',
    remotePods: '10.244.2.20',
    node: '192.168.77.10',
    ranges: ['192.168.77.0/24', '198.51.100.64/27', '10.244.2.0/24', '203.0.113.9/32'],
  },
  ipv6: {
    services: 'fd00:112::1',
    externals: 'fd00:198:1::1',
    balancers: 'fd00:203:1::1',
    localPods: 'fd00:244::20',
    remotePods: 'fd00:244:0:1::20',
    node: 'fd00:77::10',
    ranges: ['fd00:77::/64', '2001:db8:77::/64', 'fd00:244:0:1::/64', '2001:db8:9::9/128'],
  },
} as unknown as Readonly<Record<Family, Nets>>;

const PROTOCOLS: readonly Protocol[] = ['tcp', 'tcp', 'udp', 'sctp'];
const ENDPOINT_COUNTS = [0, 0, 1, 1, 2, 3, 7, 40] as const;
const POLICIES = ['Cluster', 'Cluster', 'Local'] as const;

export function crowdOf(family: Family, seed: number, { services: count, isDense }: CrowdShape): Crowd {
  const random = randomFrom(seed);
  const services: Service[] = [];
  const slices: EndpointSlice[] = [];
  for (let index = 0; index < count; index += 1) {
    const service = serviceAt(index, family, isDense, random);
    services.push(service);
    slices.push(sliceFor(service, family, random));
  }
  return { services, slices };
}

function serviceAt(index: number, family: Family, isDense: boolean, random: Random): Service {
  const nets = NETS[family];
  const chance = (of: number): boolean => random() < of;
  const isExternal = chance(0.5);
  const isBalanced = isExternal && chance(0.4);
  const offset = isDense ? index : Math.floor(random() * 2 ** 20);
  return {
    namespace: `crowd-${index % 7}`,
    name: `service-${index}`,
    type: isBalanced ? 'LoadBalancer' : isExternal ? 'NodePort' : 'ClusterIP',
    headless: false,
    servedByOther: false,
    clusterIPs: [after(nets.services, offset)],
    families: [family],
    ports: portsOf(index, isExternal, random),
    externalIPs: chance(0.2) ? [after(nets.externals, index)] : [],
    loadBalancerVIPs: isBalanced ? [after(nets.balancers, index)] : [],
    loadBalancerSourceRanges: nets.ranges.filter(() => chance(0.3)),
    affinitySeconds: chance(0.2) ? pickFrom([60, 10_800], random) : undefined,
    externalTrafficPolicy: pickFrom(POLICIES, random),
    internalTrafficPolicy: pickFrom(POLICIES, random),
    healthCheckNodePort: isBalanced ? 32_000 + index : undefined,
  };
}

/** Now and then so many that they alone fill a tree. */
function portsOf(index: number, isExternal: boolean, random: Random): readonly ServicePort[] {
  const count = random() < 0.04 ? 24 : pickFrom([1, 1, 1, 2, 3], random);
  return Array.from({ length: count }, (_, position) => ({
    name: count === 1 ? '' : `port-${position}`,
    protocol: pickFrom(PROTOCOLS, random),
    port: 80 + position,
    nodePort: isExternal ? 30_000 + index * 24 + position : undefined,
  }));
}

/** A slice with endpoints for each port of the service. */
export function sliceFor(service: Service, family: Family, random: Random): EndpointSlice {
  const { namespace, name, ports } = service;
  const endpoints = Array.from({ length: pickFrom(ENDPOINT_COUNTS, random) }, (_, position) =>
    endpointAt(position, family, random),
  );
  return {
    namespace,
    name: `${name}-fitting`,
    serviceName: name,
    family,
    ports: ports.map((port) => ({ name: port.name, protocol: port.protocol, port: 8000 + port.port })),
    endpoints,
    changedAt: undefined,
  };
}

function endpointAt(position: number, family: Family, random: Random): SliceEndpoint {
  const nets = NETS[family];
  const place = random();
  const isLocal = place < 0.4;
  const ready = random() < 0.8;
  return {
    address: place < 0.04 ? nets.node : after(isLocal ? nets.localPods : nets.remotePods, position),
    nodeName: isLocal ? NODE_NAME : 'node-b',
    ready,
    serving: ready || random() < 0.5,
    terminating: !ready,
    zoneHints: [],
    nodeHints: [],
  };
}

function after(address: Address, offset: number): Address {
  return fromBigInt(address.includes(':') ? 'ipv6' : 'ipv4', toBigInt(address) + BigInt(offset));
}
