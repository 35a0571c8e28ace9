import type { Node } from '../model/objects.ts';
import type { DetectLocal, NodePortAddresses, Settings } from '../model/settings.ts';
import {
  cidrContains,
  familyOf,
  isLoopback,
  isUnspecified,
  prefixLengthOf,
  type Address,
  type Cidr,
  type Family,
} from '../net/address.ts';

/** How a rule tells that a packet comes from a pod of this node. */
export type LocalPods =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'source'; readonly cidr: Cidr }
  /** An interface name, or a prefix ending in `+`. */
  | { readonly kind: 'interface'; readonly name: string };

/** Where node ports answer. */
export type NodePortScope =
  /** On every address of the node, but not on loopback where `loopback` is false. */
  | { readonly kind: 'anyLocalAddress'; readonly loopback: boolean }
  | { readonly kind: 'addresses'; readonly addresses: readonly Address[] };

/** What of this node and its settings decides the rules of one family. */
export interface NodeView {
  readonly family: Family;
  readonly name: string;
  readonly zone: string | undefined;
  /** The node's own address, loopback where it is not known. */
  readonly address: Address;
  readonly localPods: LocalPods;
  readonly nodePorts: NodePortScope;
  /** IPv4 node ports answer on 127.0.0.1 too, which needs route_localnet and a guard against its abuse. */
  readonly localhostNodePorts: boolean;
  /** Whether external IPs of services are answered: kube-proxy's feature gate AllowServiceExternalIPs. */
  readonly externalIPs: boolean;
  readonly masqueradeAll: boolean;
  /** The packet mark that asks for masquerading. */
  readonly masqueradeMark: number;
  /** Whether packets that conntrack calls INVALID are dropped in FORWARD. */
  readonly dropInvalid: boolean;
}

/** What is known of the machine beyond the cluster's own words. */
export interface Host {
  /** The addresses on its interfaces, loopback among them. */
  readonly interfaceAddresses: readonly Address[];
  /** The sysctl nf_conntrack_tcp_be_liberal is on: out-of-window packets are not INVALID then. */
  readonly conntrackLiberal: boolean;
}

export interface NodeIdentity {
  readonly name: string;
  /** undefined where the cluster does not know the node (yet). */
  readonly node: Node | undefined;
}

export function nodeView(family: Family, settings: Settings, identity: NodeIdentity, host: Host): NodeView {
  const address = nodeAddresses(settings, identity.node)[family];
  const cidrs = nodePortCidrs(family, settings.nodePortAddresses, nodeAddresses(settings, identity.node));
  const localhostNodePorts =
    family === 'ipv4' && settings.localhostNodePorts && (cidrs === 'all' || cidrs.some(holdsIPv4Loopback));
  return {
    family,
    name: identity.name,
    zone: identity.node?.zone,
    address,
    localPods: localPods(family, settings.detectLocal, identity.node),
    nodePorts: nodePortScope(family, cidrs, localhostNodePorts, host.interfaceAddresses),
    localhostNodePorts,
    externalIPs: settings.featureGates.AllowServiceExternalIPs ?? true,
    masqueradeAll: settings.masqueradeAll,
    masqueradeMark: 2 ** settings.masqueradeBit,
    dropInvalid: !(host.conntrackLiberal || settings.conntrack.tcpBeLiberal),
  };
}

/** The family to serve where only one can be. Source: detectNodeIPs in cmd/kube-proxy/app/server.go. */
export function primaryFamily(settings: Settings, node: Node | undefined): Family {
  if (!isUnspecified(settings.bindAddress)) return familyOf(settings.bindAddress);
  const [first] = node?.addresses ?? [];
  return first === undefined ? 'ipv4' : familyOf(first);
}

/** The node's address of each family: a specific bindAddress, else the Node's own, else loopback. */
function nodeAddresses(settings: Settings, node: Node | undefined): Readonly<Record<Family, Address>> {
  const known = node?.addresses ?? [];
  const ipv4 = known.find((address) => familyOf(address) === 'ipv4') ?? ('127.0.0.1' as Address);
  const ipv6 = known.find((address) => familyOf(address) === 'ipv6') ?? ('::1' as Address);
  const bind = settings.bindAddress;
  if (isUnspecified(bind)) return { ipv4, ipv6 };
  return familyOf(bind) === 'ipv4' ? { ipv4: bind, ipv6 } : { ipv4, ipv6: bind };
}

/** Source: getLocalDetectors in cmd/kube-proxy/app/server_linux.go. */
function localPods(family: Family, detectLocal: DetectLocal, node: Node | undefined): LocalPods {
  switch (detectLocal.mode) {
    case 'ClusterCIDR':
      return firstOfFamily(family, detectLocal.clusterCIDRs);
    case 'NodeCIDR':
      return firstOfFamily(family, node?.podCIDRs ?? []);
    case 'BridgeInterface':
      return { kind: 'interface', name: detectLocal.bridgeInterface };
    case 'InterfaceNamePrefix':
      return { kind: 'interface', name: `${detectLocal.interfaceNamePrefix}+` };
  }
}

function firstOfFamily(family: Family, cidrs: readonly Cidr[]): LocalPods {
  const cidr = cidrs.find((candidate) => familyOf(candidate) === family);
  return cidr === undefined ? { kind: 'unknown' } : { kind: 'source', cidr };
}

/**
 * The networks that node ports are limited to, or 'all': where nothing of the family is named, or
 * the whole family is. Source: NewNodePortAddresses in pkg/proxy/util/nodeport_addresses.go and the
 * meaning of `primary` in cmd/kube-proxy/app/server.go.
 */
function nodePortCidrs(
  family: Family,
  configured: NodePortAddresses,
  addresses: Readonly<Record<Family, Address>>,
): readonly Cidr[] | 'all' {
  const named = configured === 'primary' ? primaryCidrs(addresses) : configured;
  const cidrs = named.filter((cidr) => familyOf(cidr) === family);
  if (cidrs.length === 0) return 'all';
  return cidrs.some((cidr) => prefixLengthOf(cidr) === 0) ? 'all' : cidrs;
}

function primaryCidrs({ ipv4, ipv6 }: Readonly<Record<Family, Address>>): readonly Cidr[] {
  const cidrs: Cidr[] = [];
  if (!isLoopback(ipv4)) cidrs.push(`${ipv4}/32` as Cidr);
  if (!isLoopback(ipv6)) cidrs.push(`${ipv6}/128` as Cidr);
  return cidrs;
}

function holdsIPv4Loopback(cidr: Cidr): boolean {
  return cidr.startsWith('127.') || cidrContains(cidr, '127.0.0.0' as Address);
}

function nodePortScope(
  family: Family,
  cidrs: readonly Cidr[] | 'all',
  loopback: boolean,
  interfaceAddresses: readonly Address[],
): NodePortScope {
  if (cidrs === 'all') return { kind: 'anyLocalAddress', loopback };
  const addresses = interfaceAddresses
    .filter((address) => familyOf(address) === family)
    .filter((address) => loopback || !isLoopback(address))
    .filter((address) => cidrs.some((cidr) => cidrContains(cidr, address)));
  return { kind: 'addresses', addresses: [...new Set(addresses)].sort() };
}
