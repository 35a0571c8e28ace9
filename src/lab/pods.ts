import type { Scene } from '../routing/scene.ts';
import type { Cluster } from '../model/objects.ts';
import type { DetectLocal } from '../model/settings.ts';
import {
  addressBits,
  cidrContains,
  familyOf,
  networkAddress,
  prefixLengthOf,
  type Address,
  type Cidr,
  type Family,
} from '../net/address.ts';
import { LabError } from './error.ts';
import { servedSlices } from './served-slices.ts';
import type { AddressPicker } from './free-address.ts';
import { NODE, type NodeMachine, type PodMachine } from './topology.ts';

/** Each is a namespace with a process of some 40 MB. */
const MOST_PODS = 64;

/** What the kernel takes, short of what would need quoting. */
const INTERFACE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;

const VISITOR: Readonly<Record<Family, Address>> = {
  ipv4: '10.244.255.250' as Address,
  ipv6: 'fd00:10:244:ffff::fa' as Address,
};

/**
 * A pod for each address of an endpoint that is no node's, on the node that its slice names. Where our
 * node has none of a family that services have, a pod that only asks.
 */
export function podMachines(
  scene: Scene,
  nodes: readonly NodeMachine[],
  families: readonly Family[],
  pick: AddressPicker,
): { readonly pods: readonly PodMachine[]; readonly bridge: string | undefined } {
  const placed = placePods(scene.cluster, nodes, families);
  if (placed.size > MOST_PODS) {
    throw new LabError(
      `expected at most ${MOST_PODS} addresses of endpoints, got ${placed.size}: play a part of the manifests`,
    );
  }
  for (const family of families) {
    if (!scene.cluster.services.some((service) => service.families.includes(family))) continue;
    const here = [...placed].some(([address, on]) => on === NODE && familyOf(address) === family);
    if (!here) placed.set(visitor(scene, family, pick), NODE);
  }
  const { detectLocal } = scene.settings;
  const bridge =
    detectLocal.mode === 'BridgeInterface' ? interfaceName(detectLocal.bridgeInterface) : undefined;
  const prefix = interfacePrefix(detectLocal);
  const pods = [...placed].map(([address, on], index): PodMachine => {
    const hostInterface = interfaceName(`${on === NODE ? prefix : 'pod'}${index + 1}`);
    return { namespace: `pod-${address}`, addresses: [address], on, hostInterface };
  });
  return { pods, bridge };
}

/** Pods by address, with the namespaces of their nodes. */
function placePods(
  cluster: Cluster,
  nodes: readonly NodeMachine[],
  families: readonly Family[],
): Map<Address, string> {
  const [, elsewhere = NODE] = nodes.map(({ namespace }) => namespace);
  const placed = new Map<Address, string>();
  for (const { endpoints } of servedSlices(cluster)) {
    for (const { address, nodeName } of endpoints) {
      if (!families.includes(familyOf(address)) || placed.has(address)) continue;
      if (nodes.some(({ addresses }) => addresses.includes(address))) continue;
      const on = nodes.find((node) => nodeName !== undefined && node.nodeName === nodeName);
      placed.set(address, on?.namespace ?? elsewhere);
    }
  }
  return placed;
}

/** An address that the rules take for a local pod's, if they can tell one by its address. */
function visitor({ settings, identity }: Scene, family: Family, pick: AddressPicker): Address {
  const { detectLocal } = settings;
  const ofCluster = detectLocal.mode === 'ClusterCIDR' ? detectLocal.clusterCIDRs : [];
  const range = [...ofCluster, ...(identity.node?.podCIDRs ?? [])].find((cidr) => familyOf(cidr) === family);
  if (range === undefined) return pick(VISITOR[family]);
  const late = lateIn(range);
  const address = pick(networkAddress(range), late);
  return cidrContains(range, address) ? address : pick(networkAddress(range));
}

/** Near the end of a network, where allocators come last. */
function lateIn(range: Cidr): number {
  const bits = addressBits(familyOf(range)) - prefixLengthOf(range);
  return bits < 4 ? 1 : 2 ** Math.min(bits, 16) - 6;
}

function interfacePrefix(detectLocal: DetectLocal): string {
  return detectLocal.mode === 'InterfaceNamePrefix' ? detectLocal.interfaceNamePrefix : 'pod';
}

function interfaceName(name: string): string {
  if (INTERFACE_NAME.test(name)) return name;
  throw new LabError(`expected the name of an interface, at most 15 characters, got ${JSON.stringify(name)}`);
}
