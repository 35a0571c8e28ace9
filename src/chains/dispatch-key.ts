import type { Protocol } from '../model/objects.ts';
import {
  addressBits,
  addressBytes,
  addressOfBytes,
  networkAddress,
  type Cidr,
  type Family,
} from '../net/address.ts';
import { only } from './build.ts';
import type { Match, Rule } from './rule.ts';

/*
 * What a dispatch rule asks of a packet as a key for a prefix tree: the destination address, where the
 * rule names one, then a byte for the protocol, then the destination port.
 */

export interface Prefix {
  readonly key: string;
  readonly bits: number;
}

const PROTOCOL_NUMBER: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };
const PROTOCOL_OF: ReadonlyMap<number, Protocol> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [132, 'sctp'],
]);
const PROTOCOL_BITS = 8;
const PORT_BITS = 16;
const TAIL_BYTES = (PROTOCOL_BITS + PORT_BITS) / 8;

/** @throws TypeError for a rule that no dispatch chain has */
export function dispatchKey({ destination, protocol, matches }: Rule): string {
  const match = matches.find(({ kind }) => kind === 'destinationPort');
  if (match?.kind !== 'destinationPort' || protocol === undefined || destination?.not === true) {
    throw new TypeError('a dispatch rule names a protocol and a destination port');
  }
  const address = destination === undefined ? '' : addressBytes(networkAddress(destination.value));
  return address + String.fromCharCode(PROTOCOL_NUMBER[protocol], match.port >> 8, match.port & 0xff);
}

/** Whether the key begins with an address. */
export function hasAddress(key: string): boolean {
  return key.length > TAIL_BYTES;
}

/** Where keys of a family hold the protocol. */
export function protocolByte(family: Family | undefined): number {
  return family === undefined ? 0 : addressBits(family) / 8;
}

/** What a rule has to match to lead on all packets of the prefix, and no others. */
export function prefixMatches(prefix: Prefix): Pick<Rule, 'destination' | 'protocol' | 'matches'> {
  const network = networkOf(prefix);
  const destination = network === undefined ? {} : { destination: only(network) };
  const ports = portsOf(prefix);
  if (ports === undefined) return { ...destination, matches: [] };
  const { protocol, first, last } = ports;
  return { ...destination, protocol, matches: portMatches(protocol, first, last) };
}

/** `10.96.0.0/20`, `T-30000-30127`, or both with a dash between. */
export function prefixText(prefix: Prefix): string {
  const ports = portsOf(prefix);
  const portText = ports && `${ports.protocol.charAt(0).toUpperCase()}-${ports.first}-${ports.last}`;
  return [networkOf(prefix), portText].filter((part) => part !== undefined).join('-');
}

function networkOf({ key, bits }: Prefix): Cidr | undefined {
  if (!hasAddress(key)) return undefined;
  const bytes = key.slice(0, -TAIL_BYTES);
  const length = Math.min(bits, bytes.length * 8);
  return `${addressOfBytes(withHostBitsCleared(bytes, length))}/${length}` as Cidr;
}

function withHostBitsCleared(bytes: string, length: number): string {
  const cleared = Array.from({ length: bytes.length }, (_, index) => {
    const kept = Math.min(8, Math.max(0, length - index * 8));
    return bytes.charCodeAt(index) & (0xff00 >> kept) & 0xff;
  });
  return String.fromCharCode(...cleared);
}

/** undefined where the prefix ends within the address. */
function portsOf({ key, bits }: Prefix): { protocol: Protocol; first: number; last: number } | undefined {
  const start = key.length - TAIL_BYTES;
  const portBits = bits - start * 8 - PROTOCOL_BITS;
  if (portBits < 0) return undefined;
  const protocol = PROTOCOL_OF.get(key.charCodeAt(start));
  if (protocol === undefined) throw new TypeError('the key names no protocol');
  const port = (key.charCodeAt(start + 1) << 8) | key.charCodeAt(start + 2);
  const open = (1 << (PORT_BITS - portBits)) - 1;
  return { protocol, first: port & ~open, last: port | open };
}

function portMatches(protocol: Protocol, first: number, last: number): readonly Match[] {
  if (first === last) return [{ kind: 'destinationPort', protocol, port: first }];
  if (last - first === 0xffff) return [];
  return [{ kind: 'destinationPorts', protocol, first, last }];
}
