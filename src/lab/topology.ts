import type { Scene } from '../cli/scene.ts';
import type { Cluster } from '../model/objects.ts';
import type { Address, Family } from '../net/address.ts';
import { clientAddresses } from './client-addresses.ts';
import { addressPicker } from './free-address.ts';
import { listenersOf } from './listeners.ts';
import { nodeMachines } from './machines.ts';
import { podMachines } from './pods.ts';
import type { Listener } from './protocol.ts';

/** One machine of the lab: a network namespace with addresses. */
export interface Machine {
  /** The name under which `ip netns` knows it. */
  readonly namespace: string;
  /** Primary addresses of each family first. */
  readonly addresses: readonly Address[];
}

/** A node, ours or another: it forwards to its pods. */
export interface NodeMachine extends Machine {
  /** The Node's name; empty where nobody named it. */
  readonly nodeName: string;
}

export interface PodMachine extends Machine {
  /** The namespace of its node. */
  readonly on: string;
  /** The node's interface towards it. */
  readonly hostInterface: string;
}

/** What is built: everybody on one switch, but pods, which are behind their nodes. */
export interface Topology {
  readonly families: readonly Family[];
  /** The node whose rules are tried. */
  readonly node: NodeMachine;
  /** At least one. */
  readonly others: readonly NodeMachine[];
  readonly client: Machine;
  readonly pods: readonly PodMachine[];
  /** The bridge that the pods of our node hang on; undefined where each has a link of its own. */
  readonly bridge: string | undefined;
  /** Who listens where, by namespace. */
  readonly listeners: ReadonlyMap<string, readonly Listener[]>;
  /** What the lab does not play. */
  readonly notes: readonly string[];
}

export const NODE = 'node';
export const CLIENT = 'client';

/**
 * Lays out a lab in which a scene can be played.
 *
 * @param families those that this machine's kernel can speak
 * @throws LabError where the scene has too many pods, or wants interfaces that cannot be named so
 */
export function planTopology(scene: Scene, families: readonly Family[]): Topology {
  const pick = addressPicker(takenAddresses(scene.cluster));
  const { node, others } = nodeMachines(scene, families, pick);
  const { pods, bridge } = podMachines(scene, [node, ...others], families, pick);
  const { listeners, notes } = listenersOf(scene.cluster, [node, ...others, ...pods]);
  const client = {
    namespace: CLIENT,
    addresses: clientAddresses(scene.cluster, node.addresses, pick),
  };
  return { families, node, others, client, pods, bridge, listeners, notes };
}

/** All machines that are on the switch. */
export function onSwitch({ client, node, others }: Topology): readonly Machine[] {
  return [client, node, ...others];
}

function takenAddresses({ nodes, services, slices }: Cluster): Set<Address> {
  return new Set([
    ...nodes.flatMap(({ addresses }) => addresses),
    ...services.flatMap((service) => [
      ...service.clusterIPs,
      ...service.externalIPs,
      ...service.loadBalancerVIPs,
    ]),
    ...slices.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)),
  ]);
}
