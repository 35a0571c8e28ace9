import { isIPv4 } from 'node:net';

/** An IP family. Every ruleset is of exactly one. */
export type Family = 'ipv4' | 'ipv6';

export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** An IP address in its one canonical spelling (RFC 5952 for IPv6), safe to print into a rule. */
export type Address = string & { readonly __brand: 'Address' };

/** A network in its one canonical spelling, host bits cleared: `10.244.0.0/16`. */
export type Cidr = string & { readonly __brand: 'Cidr' };

/**
 * Reads an address as kube-proxy does (Go's ParseIPSloppy): leading zeros in IPv4 are decimal,
 * and an IPv4-mapped IPv6 address is the IPv4 address. Zones (`fe80::1%eth0`) are not addresses.
 *
 * @returns the canonical address, or undefined where the text is none
 */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return text as Address;
  const groups = text.includes(':') ? parseGroups(text) : undefined;
  if (groups !== undefined) return formatGroups(groups);
  return parseZeroPaddedIPv4(text);
}

/**
 * Reads a network; host bits are cleared, as kube-proxy and the kernel do.
 *
 * @returns the canonical network, or undefined where the text is none
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const lengthText = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(lengthText)) return undefined;
  const prefixLength = Number(lengthText);
  const addressText = text.slice(0, slash);
  const address = parseAddress(addressText);
  if (address === undefined) return undefined;
  // An IPv4-mapped network keeps the length it was written with, as Go's ParseCIDR insists.
  if (familyOf(address) === 'ipv4' && addressText.includes(':')) return undefined;
  if (prefixLength > addressBits(familyOf(address))) return undefined;
  const network = toBigInt(address) & maskOf(familyOf(address), prefixLength);
  return `${fromBigInt(familyOf(address), network)}/${prefixLength}` as Cidr;
}

export function familyOf(value: Address | Cidr): Family {
  return value.includes(':') ? 'ipv6' : 'ipv4';
}

/** The network that holds this one address: /32 or /128. */
export function hostCidr(address: Address): Cidr {
  return `${address}/${addressBits(familyOf(address))}` as Cidr;
}

export function prefixLengthOf(cidr: Cidr): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1));
}

/** The first address of a network. */
export function networkAddress(cidr: Cidr): Address {
  return cidr.slice(0, cidr.indexOf('/')) as Address;
}

/** Whether the network holds the address; never, when the families differ. */
export function cidrContains(cidr: Cidr, address: Address): boolean {
  const family = familyOf(cidr);
  if (family !== familyOf(address)) return false;
  const mask = maskOf(family, prefixLengthOf(cidr));
  return (toBigInt(address) & mask) === toBigInt(networkAddress(cidr));
}

export function isLoopback(address: Address): boolean {
  return familyOf(address) === 'ipv4' ? address.startsWith('127.') : address === '::1';
}

export function isUnspecified(address: Address): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** `address:port`, with brackets around an IPv6 address. */
export function joinHostPort(address: Address, port: number): string {
  return familyOf(address) === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

/** 32 or 128. */
export function addressBits(family: Family): number {
  return family === 'ipv4' ? 32 : 128;
}

/** Whether the network is a single address. */
export function isHost(cidr: Cidr): boolean {
  return prefixLengthOf(cidr) === addressBits(familyOf(cidr));
}

/** The address that is all of the network; undefined where it has others. */
export function hostOf(cidr: Cidr): Address | undefined {
  return isHost(cidr) ? networkAddress(cidr) : undefined;
}

/** The address as an unsigned number, most significant bit first. */
export function toBigInt(address: Address): bigint {
  if (familyOf(address) === 'ipv4') {
    return address.split('.').reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  }
  const groups = parseGroups(address);
  if (groups === undefined) throw new TypeError(`not a canonical address: ${address}`);
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

export function fromBigInt(family: Family, value: bigint): Address {
  if (family === 'ipv4') {
    return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.') as Address;
  }
  const shifts = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n];
  return formatGroups(shifts.map((shift) => Number((value >> shift) & 0xffffn)));
}

/** The address as a latin1 string of 4 or 16 bytes: it compares as the number does, and costs little. */
export function addressBytes(address: Address): string {
  if (familyOf(address) === 'ipv4') return String.fromCharCode(...address.split('.').map(Number));
  const [left = '', right] = address.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  return String.fromCharCode(...groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The inverse of `addressBytes`. */
export function addressOfBytes(bytes: string): Address {
  const octets = Array.from({ length: bytes.length }, (_, index) => bytes.charCodeAt(index));
  if (octets.length === 4) return octets.join('.') as Address;
  return formatGroups(
    Array.from({ length: 8 }, (_, index) => ((octets[2 * index] ?? 0) << 8) | (octets[2 * index + 1] ?? 0)),
  );
}

function maskOf(family: Family, prefixLength: number): bigint {
  const hostBits = BigInt(addressBits(family) - prefixLength);
  return ((1n << BigInt(prefixLength)) - 1n) << hostBits;
}

function parseZeroPaddedIPv4(text: string): Address | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  const stripped = octets.map((octet) => (/^\d{1,10}$/.test(octet) ? String(Number(octet)) : '')).join('.');
  return isIPv4(stripped) ? (stripped as Address) : undefined;
}

/** The eight 16-bit groups of an IPv6 address. */
function parseGroups(text: string): readonly number[] | undefined {
  const lastColon = text.lastIndexOf(':');
  const tail = text.slice(lastColon + 1);
  if (tail.includes('.')) {
    const ipv4 = parseZeroPaddedIPv4(tail);
    if (ipv4 === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
    const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    return parseGroups(text.slice(0, lastColon + 1) + hex);
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (left === undefined) return undefined;
  const given = left.length + (right?.length ?? 0);
  if (right === undefined ? given !== 8 : given > 7) return undefined;
  const groups = [...left, ...Array<string>(8 - given).fill('0'), ...(right ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => Number.parseInt(group, 16));
}

function formatGroups(groups: readonly number[]): Address {
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6);
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}` as Address;
  }
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':') as Address;
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}` as Address;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index += 1) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}
