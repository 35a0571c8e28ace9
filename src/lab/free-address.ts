import { addressBits, familyOf, fromBigInt, toBigInt, type Address } from '../net/address.ts';

/** Hands out addresses that nobody has. */
export type AddressPicker = (from: Address, offset?: number) => Address;

/**
 * @param taken addresses in use; it is added to
 * @returns a function that picks the first free address at or after `from` + `offset`
 */
export function addressPicker(taken: Set<Address>): AddressPicker {
  return (from, offset = 0) => {
    const family = familyOf(from);
    const size = 1n << BigInt(addressBits(family));
    let candidate = fromBigInt(family, (toBigInt(from) + BigInt(offset)) % size);
    while (taken.has(candidate)) candidate = fromBigInt(family, (toBigInt(candidate) + 1n) % size);
    taken.add(candidate);
    return candidate;
  };
}
