import type { Scene } from '../routing/scene.ts';
import type { Cluster } from '../model/objects.ts';
import type { Address, Family } from '../net/address.ts';
import { clientAddresses } from './client-addresses.ts';
import { addressPicker } from './free-address.ts';
import { listenersOf } from './listeners.ts';
import { nodeMachines } from './machines.ts';
import { podMachines } from './pods.ts';
import { CLIENT, type Topology } from './topology.ts';

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
