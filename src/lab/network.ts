import { FAMILIES, familyOf, hostCidr, type Address, type Family } from '../net/address.ts';
import { firstOf } from './machines.ts';
import {
  NODE,
  onSwitch,
  type Machine,
  type NodeMachine,
  type PodMachine,
  type Topology,
} from './topology.ts';

/*
 * The lines for `ip -batch` that build a topology. Every address is a single host's and every route is
 * written down, so that any addresses go together.
 */

/** What pods have for a gateway, on whatever interface their node has for them. */
const GATEWAY = { ipv4: '169.254.1.1', ipv6: 'fe80::1' } as const;
const SWITCH = 'switch';

/** In the holder's own namespace: makes all others and the links between them. */
export function namespaceLines(topology: Topology): readonly string[] {
  return [...onSwitch(topology), ...topology.pods].map(({ namespace }) => `netns add ${namespace}`);
}

/** In the holder's own namespace, after the sysctls, which new interfaces inherit. */
export function linkLines(topology: Topology): readonly string[] {
  const ports = onSwitch(topology).flatMap(({ namespace }, index) => [
    `link add port${index} type veth peer name eth0 netns ${namespace}`,
    `link set port${index} master ${SWITCH} up`,
  ]);
  const links = topology.pods.map(
    ({ namespace, on, hostInterface }) =>
      `link add name ${hostInterface} netns ${on} type veth peer name eth0 netns ${namespace}`,
  );
  return [`link add ${SWITCH} type bridge mcast_snooping 0`, `link set ${SWITCH} up`, ...ports, ...links];
}

/** In a node's namespace. */
export function nodeLines(topology: Topology, node: NodeMachine): readonly string[] {
  const pods = topology.pods.filter(({ on }) => on === node.namespace);
  const bridge = node.namespace === NODE ? topology.bridge : undefined;
  const gateway = node.namespace === NODE ? topology.client : topology.node;
  const remotePods = node.namespace === NODE ? topology.pods.filter(({ on }) => on !== NODE) : [];
  // Others answer the client through our node: a masquerade that is missing shows in the source address
  // that the pod sees, where it would else be a hang like any other.
  const peers = onSwitch(topology).filter((peer) => node.namespace === NODE || peer !== topology.client);
  return [
    ...uplinkLines(topology, node, peers),
    ...defaultRoutes(gateway.addresses),
    ...(bridge === undefined
      ? []
      : [`link add ${bridge} type bridge`, ...gatewayLines(bridge, topology.families)]),
    ...pods.flatMap((pod) => podLinkLines(pod, bridge, topology.families)),
    ...remotePods.flatMap((pod) => remotePodRoutes(topology, pod)),
  ];
}

/** In the client's namespace. Whatever it does not know, service addresses among it, is behind our node. */
export function clientLines(topology: Topology): readonly string[] {
  return [
    ...uplinkLines(topology, topology.client, onSwitch(topology)),
    ...defaultRoutes(topology.node.addresses),
  ];
}

/** In a pod's namespace. */
export function podLines({ addresses }: PodMachine): readonly string[] {
  const families = [...new Set(addresses.map(familyOf))];
  return [
    'link set lo up',
    ...upLines('eth0', families, 2),
    ...addresses.map((address) => addressLine(address, 'eth0')),
    ...(families.includes('ipv4') ? [`route add ${GATEWAY.ipv4} dev eth0 scope link`] : []),
    ...families.map((family) => `route add default via ${GATEWAY[family]} dev eth0`),
  ];
}

/** The interface to the switch, and who of those on it is reached directly. */
function uplinkLines(topology: Topology, machine: Machine, peers: readonly Machine[]): readonly string[] {
  const host = onSwitch(topology).indexOf(machine) + 1;
  return [
    'link set lo up',
    ...upLines('eth0', topology.families, host),
    ...machine.addresses.map((address) => addressLine(address, 'eth0')),
    ...peers
      .filter((peer) => peer !== machine)
      .flatMap(({ addresses }) => addresses.map((address) => `route add ${hostCidr(address)} dev eth0`)),
  ];
}

function podLinkLines(
  { addresses, hostInterface }: PodMachine,
  bridge: string | undefined,
  families: readonly Family[],
): readonly string[] {
  const routes = addresses.map((address) => `route add ${hostCidr(address)} dev ${bridge ?? hostInterface}`);
  // A pod's way to itself through its service comes back by the port it came from.
  if (bridge !== undefined) {
    const port = [
      `link set ${hostInterface} master ${bridge} up`,
      `link set ${hostInterface} type bridge_slave hairpin on`,
    ];
    return [...port, ...routes];
  }
  return [...gatewayLines(hostInterface, families), ...routes];
}

/** Link scope keeps the gateway's address from ever being chosen as the source of a masquerade. */
function gatewayLines(link: string, families: readonly Family[]): readonly string[] {
  return [...upLines(link, families, 1), `address add ${GATEWAY.ipv4}/32 dev ${link} scope link`];
}

/** IPv6 needs a link-local address, here a given one: the kernel's own would be tried for duplicates first. */
function upLines(link: string, families: readonly Family[], host: number): readonly string[] {
  if (!families.includes('ipv6')) return [`link set ${link} up`];
  const address = `fe80::${host.toString(16)}/64`;
  return [`link set ${link} addrgenmode none up`, `address add ${address} dev ${link} nodad`];
}

function remotePodRoutes({ others }: Topology, { addresses, on }: PodMachine): readonly string[] {
  const node = others.find(({ namespace }) => namespace === on);
  return addresses.map((address) => {
    const via = firstOf(familyOf(address), node?.addresses ?? []);
    return `route add ${hostCidr(address)} via ${String(via)} dev eth0`;
  });
}

function defaultRoutes(gateways: readonly Address[]): readonly string[] {
  return FAMILIES.flatMap((family) => {
    const gateway = firstOf(family, gateways);
    return gateway === undefined ? [] : [`route add default via ${gateway} dev eth0`];
  });
}

function addressLine(address: Address, device: string): string {
  return `address add ${hostCidr(address)} dev ${device}${familyOf(address) === 'ipv6' ? ' nodad' : ''}`;
}
