import {
  addressBits,
  familyOf,
  fromBigInt,
  networkAddress,
  prefixLengthOf,
  toBigInt,
  type Address,
  type Cidr,
} from '../../net/address.ts';

/** The addresses just before and just behind, where there are any. */
export function neighboursOf(address: Address): readonly Address[] {
  return [stepFrom(address, -1n), stepFrom(address, 1n)].filter((neighbour) => neighbour !== undefined);
}

/** The border of a network: both sides of it, at both ends. */
export interface Border {
  readonly inside: readonly Address[];
  readonly outside: readonly Address[];
}

export function borderOf(cidr: Cidr): Border {
  const first = networkAddress(cidr);
  const family = familyOf(cidr);
  const size = 1n << BigInt(addressBits(family) - prefixLengthOf(cidr));
  const last = fromBigInt(family, toBigInt(first) + size - 1n);
  const outside = [stepFrom(first, -1n), stepFrom(last, 1n)].filter((address) => address !== undefined);
  return { inside: first === last ? [first] : [first, last], outside };
}

function stepFrom(address: Address, step: bigint): Address | undefined {
  const family = familyOf(address);
  const value = toBigInt(address) + step;
  if (value < 0n || value >= 1n << BigInt(addressBits(family))) return undefined;
  const neighbour = fromBigInt(family, value);
  // An IPv4-mapped IPv6 address is spelled as IPv4, and no packet of this family.
  return familyOf(neighbour) === family ? neighbour : undefined;
}

/** The ports just before and just behind. */
export function neighbourPortsOf(port: number): readonly number[] {
  return [port - 1, port + 1].filter((neighbour) => neighbour >= 1 && neighbour <= 65_535);
}
