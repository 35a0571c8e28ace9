import type { Scene } from '../routing/scene.ts';
import { familyOf, isLoopback, isUnspecified, type Address, type Family } from '../net/address.ts';
import type { AddressPicker } from './free-address.ts';
import { NODE, type NodeMachine } from './topology.ts';

/** Where the manifests know no address of the node. */
const DEFAULT_ADDRESS: Readonly<Record<Family, Address>> = {
  ipv4: '192.168.77.10' as Address,
  ipv6: 'fd00:77::10' as Address,
};

/** Our node, and all others that the cluster names: its Nodes and the nodes of its endpoints. */
export function nodeMachines(
  { cluster, settings, identity }: Scene,
  families: readonly Family[],
  pick: AddressPicker,
): { readonly node: NodeMachine; readonly others: readonly NodeMachine[] } {
  const known = identity.node?.addresses ?? [];
  const bound = isUnspecified(settings.bindAddress) || isLoopback(settings.bindAddress);
  const node: NodeMachine = {
    namespace: NODE,
    nodeName: identity.name,
    addresses: complete([...(bound ? [] : [settings.bindAddress]), ...known], families, (family) =>
      pick(DEFAULT_ADDRESS[family]),
    ),
  };
  const names = new Set(cluster.nodes.map(({ name }) => name));
  for (const { endpoints } of cluster.slices) {
    for (const { nodeName } of endpoints) if (nodeName !== undefined) names.add(nodeName);
  }
  names.delete(identity.name);
  // Somewhere must be elsewhere: for endpoints of no node, and for what the node sends away.
  if (names.size === 0) names.add('');
  const others = [...names].map((nodeName, index): NodeMachine => {
    const own = cluster.nodes.find(({ name }) => name === nodeName)?.addresses ?? [];
    const nextToOurs = (family: Family): Address =>
      pick(firstOf(family, node.addresses) ?? DEFAULT_ADDRESS[family], index + 1);
    return { namespace: `other-${index + 1}`, nodeName, addresses: complete(own, families, nextToOurs) };
  });
  return { node, others };
}

/** The addresses that can be had here, with one of each family among them. */
function complete(
  given: readonly Address[],
  families: readonly Family[],
  invent: (family: Family) => Address,
): readonly Address[] {
  const usable = [...new Set(given)].filter((address) => families.includes(familyOf(address)));
  return families.reduce<readonly Address[]>(
    (addresses, family) =>
      firstOf(family, addresses) === undefined ? [...addresses, invent(family)] : addresses,
    usable,
  );
}

export function firstOf(family: Family, addresses: readonly Address[]): Address | undefined {
  return addresses.find((address) => familyOf(address) === family);
}
