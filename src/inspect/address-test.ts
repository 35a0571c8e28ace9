import type { Negatable } from '../chains/rule.ts';
import { hostCidr, isHost, type Address, type Cidr } from '../net/address.ts';
import { isInside, networkOf, wordsOf, type Network, type Words } from './network.ts';

/** Whether an address is what `-s` or `-d` asks for. */
export interface AddressTest {
  readonly not: boolean;
  readonly network: Cidr;
  /** undefined for a single address, which is compared as text. */
  readonly bits: Network | undefined;
}

/** Makes tests, the same for the same network: most rules of a large node are about few networks. */
export type AddressTests = (part: Negatable<Cidr>) => AddressTest;

export function addressTests(): AddressTests {
  const known = new Map<string, AddressTest>();
  return ({ not, value }) => {
    const key = not ? `!${value}` : value;
    const before = known.get(key);
    if (before !== undefined) return before;
    const test = { not, network: value, bits: isHost(value) ? undefined : networkOf(value) };
    known.set(key, test);
    return test;
  };
}

/** An address, prepared for tests. */
export interface TestedAddress {
  readonly address: Address;
  /** The network of it alone. */
  readonly host: Cidr;
  readonly words: Words;
}

export function tested(address: Address): TestedAddress {
  return { address, host: hostCidr(address), words: wordsOf(address) };
}

export function passes({ not, network, bits }: AddressTest, { host, words }: TestedAddress): boolean {
  const inside = bits === undefined ? network === host : isInside(bits, words);
  return inside !== not;
}
