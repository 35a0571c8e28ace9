import {
  familyOf,
  networkAddress,
  prefixLengthOf,
  toBigInt,
  type Address,
  type Cidr,
} from '../net/address.ts';

/** An address in 32-bit words, the most significant first: fast to compare where bigints are not. */
export type Words = readonly number[];

export interface Network {
  readonly words: Words;
  readonly masks: Words;
}

export function wordsOf(address: Address): Words {
  if (familyOf(address) === 'ipv4') {
    let word = 0;
    for (const octet of address.split('.')) word = word * 256 + Number(octet);
    return [word | 0];
  }
  const value = toBigInt(address);
  return [96n, 64n, 32n, 0n].map((shift) => Number((value >> shift) & 0xffff_ffffn) | 0);
}

export function networkOf(cidr: Cidr): Network {
  const words = wordsOf(networkAddress(cidr));
  const length = prefixLengthOf(cidr);
  return { words, masks: words.map((_, index) => maskOf(length - 32 * index)) };
}

export function isInside({ words, masks }: Network, address: Words): boolean {
  for (let index = 0; index < words.length; index += 1) {
    if (((address[index] ?? 0) & (masks[index] ?? 0)) !== words[index]) return false;
  }
  return true;
}

/** The first bits of a word; a shift by 32 would be one by 0. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}
