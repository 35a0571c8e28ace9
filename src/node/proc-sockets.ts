import { endianness } from 'node:os';
import type { Protocol } from '../model/objects.ts';
import { fromBigInt, parseAddress, type Address } from '../net/address.ts';

/** A socket of this network namespace, as /proc/net tells of it. */
export interface ProcSocket {
  readonly protocol: Protocol;
  /** What it is bound to. */
  readonly address: Address;
  readonly port: number;
  /** Takes packets from whoever sends them, where others belong to one peer. */
  readonly listening: boolean;
  /** By which the process that holds it is found. */
  readonly inode: number;
}

/* The state numbers of include/net/tcp_states.h and include/net/sctp/constants.h. */
const TCP_LISTEN = 0x0a;
const TCP_CLOSE = 0x07;
const SCTP_LISTENING = 10;

/**
 * Reads a line of /proc/net/tcp, tcp6, udp or udp6:
 *
 *     0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 …
 *
 * @param byteOrder of the machine that wrote it: addresses are printed as numbers
 * @returns undefined for the headline and for what is no socket
 */
export function parseInetSocket(
  line: string,
  protocol: 'tcp' | 'udp',
  byteOrder: 'LE' | 'BE' = endianness(),
): ProcSocket | undefined {
  const [, local, remote, stateText, , , , , , inodeText] = line.trim().split(/\s+/);
  const [, addressText, portText] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local ?? '') ?? [];
  if (addressText === undefined || portText === undefined || remote === undefined) return undefined;
  const inode = Number(inodeText);
  const state = Number.parseInt(stateText ?? '', 16);
  if (!Number.isInteger(inode) || !Number.isInteger(state)) return undefined;
  // A UDP socket that is not connected has the state of a closed TCP one, and no peer.
  const listening =
    protocol === 'tcp' ? state === TCP_LISTEN : state === TCP_CLOSE && remote.endsWith(':0000');
  return {
    protocol,
    address: parseHexAddress(addressText, byteOrder),
    port: Number.parseInt(portText, 16),
    listening,
    inode,
  };
}

/**
 * Reads a line of /proc/net/sctp/eps, which may name several addresses:
 *
 *     ffff8d0c 0 ffff8d0d 2 10 28 36422 0 12345 0.0.0.0
 */
export function parseSctpEndpoint(line: string): readonly ProcSocket[] {
  const words = line.trim().split(/\s+/);
  const inodeAt = words.findIndex((word) => /[.:]/.test(word)) - 1;
  const [state, , port, , inode] = words.slice(inodeAt - 4, inodeAt + 1).map(Number);
  if (inodeAt < 4 || !Number.isInteger(port) || !Number.isInteger(inode)) return [];
  return words
    .slice(inodeAt + 1)
    .map(parseAddress)
    .filter((address) => address !== undefined)
    .map((address) => ({
      protocol: 'sctp',
      address,
      port: Number(port),
      listening: state === SCTP_LISTENING,
      inode: Number(inode),
    }));
}

/** Words of 32 bits, each as a number in the machine's byte order. */
function parseHexAddress(hex: string, byteOrder: 'LE' | 'BE'): Address {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.map((word) => (byteOrder === 'BE' ? word : reverseBytes(word))).join('');
  const address = fromBigInt(hex.length === 8 ? 'ipv4' : 'ipv6', BigInt(`0x${bytes}`));
  // An IPv4-mapped address is the IPv4 address.
  return parseAddress(address) ?? address;
}

function reverseBytes(word: string): string {
  return (word.match(/../g) ?? []).reverse().join('');
}
