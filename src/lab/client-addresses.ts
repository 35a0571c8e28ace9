import type { Cluster } from '../model/objects.ts';
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
import type { AddressPicker } from './free-address.ts';

/** How far the client is from the node on the switch's net: 192.168.77.100 beside 192.168.77.10. */
const DISTANCE = 90;
/** Networks that are for examples (RFC 5737, RFC 3849). */
const STRANGER: Readonly<Record<Family, Address>> = {
  ipv4: '198.51.100.77' as Address,
  ipv6: '2001:db8:77::77' as Address,
};

/**
 * The addresses of the outside client: one of each family, and for services with source ranges one
 * inside and one outside of them.
 */
export function clientAddresses(
  cluster: Cluster,
  nodeAddresses: readonly Address[],
  pick: AddressPicker,
): readonly Address[] {
  const families = [...new Set(nodeAddresses.map(familyOf))];
  const addresses = families.map((family) => {
    const besides = nodeAddresses.find((address) => familyOf(address) === family) ?? STRANGER[family];
    return pick(besides, DISTANCE);
  });
  for (const { loadBalancerSourceRanges } of cluster.services) {
    for (const family of families) {
      const ranges = loadBalancerSourceRanges.filter((range) => familyOf(range) === family);
      const [first] = ranges;
      if (first === undefined) continue;
      const own = addresses.filter((address) => familyOf(address) === family);
      const isInside = (address: Address): boolean => ranges.some((range) => cidrContains(range, address));
      if (!own.some(isInside)) addresses.push(...insideOf(first, pick));
      if (own.every(isInside) && !isInside(STRANGER[family])) addresses.push(pick(STRANGER[family]));
    }
  }
  return addresses;
}

/** None where somebody has each of the first few addresses of a small network. */
function insideOf(range: Cidr, pick: AddressPicker): readonly Address[] {
  const room = addressBits(familyOf(range)) - prefixLengthOf(range);
  const address = pick(networkAddress(range), room > 3 ? 7 : 0);
  return cidrContains(range, address) ? [address] : [];
}
