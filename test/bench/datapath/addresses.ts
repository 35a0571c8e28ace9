import { fromBigInt, type Address, type Cidr, type Family } from '../../../src/net/address.ts';

/* Who lives where in the network of the benchmark: a client, a node, and a machine behind the node. */

export interface Addresses {
  /** A pod of the cluster: nothing that it sends to a service is masqueraded. */
  readonly client: Address;
  /** The node's end of the client's link. */
  readonly gateway: Address;
  /** The node's own address, where node ports answer. */
  readonly node: Address;
  /** The node's end of the link to the machine behind it, and the other end. */
  readonly uplink: Address;
  readonly behind: Address;
  /** What the links' ends are in. */
  readonly linkBits: number;
  readonly pods: Cidr;
  /** Endpoints that are the node itself: their packets take the INPUT path. */
  readonly localPods: Cidr;
  /** Endpoints on the machine behind the node: their packets are forwarded. */
  readonly remotePods: Cidr;
  /** Addresses that have nothing to do with the cluster, also behind the node. */
  readonly elsewhere: Cidr;
}

const IPV4: Addresses = {
  client: '10.244.0.2' as Address,
  gateway: '10.244.0.1' as Address,
  node: '192.168.77.10' as Address,
  uplink: '10.245.0.1' as Address,
  behind: '10.245.0.2' as Address,
  linkBits: 24,
  pods: '10.128.0.0/9' as Cidr,
  localPods: '10.128.0.0/11' as Cidr,
  remotePods: '10.160.0.0/11' as Cidr,
  elsewhere: '172.20.0.0/16' as Cidr,
};

const IPV6: Addresses = {
  client: 'fd00:80::244:2' as Address,
  gateway: 'fd00:80::244:1' as Address,
  node: 'fd00:77::10' as Address,
  uplink: 'fd00:80::245:1' as Address,
  behind: 'fd00:80::245:2' as Address,
  linkBits: 112,
  pods: 'fd00:80::/32' as Cidr,
  localPods: 'fd00:80:1::/48' as Cidr,
  remotePods: 'fd00:80:2::/48' as Cidr,
  elsewhere: 'fd00:172::/64' as Cidr,
};

/** In both families' service ranges host numbers of so many bits fit. */
export const SERVICE_BITS = 20;

export const ADDRESSES: Readonly<Record<Family, Addresses>> = { ipv4: IPV4, ipv6: IPV6 };

const BASES: Readonly<Record<Family, Readonly<Record<Range, bigint>>>> = {
  ipv4: {
    services: 0x0a60_0000n,
    localPods: 0x0a80_0000n,
    remotePods: 0x0aa0_0000n,
    elsewhere: 0xac14_0000n,
  },
  ipv6: {
    services: 0xfd00_0010_0096n << 80n,
    localPods: 0xfd00_0080_0001n << 80n,
    remotePods: 0xfd00_0080_0002n << 80n,
    elsewhere: 0xfd00_0172n << 96n,
  },
};

export type Range = 'services' | 'localPods' | 'remotePods' | 'elsewhere';

/** The so-manieth address of a range. */
export function addressIn(family: Family, range: Range, host: number): Address {
  return fromBigInt(family, BASES[family][range] + BigInt(host));
}
