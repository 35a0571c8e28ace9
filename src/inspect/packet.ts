import type { ConnectionState, Mark } from '../chains/rule.ts';
import type { Protocol } from '../model/objects.ts';
import type { Address, Family } from '../net/address.ts';

/** What connection tracking says of a packet before any rule has seen it. */
export type PacketState = Exclude<ConnectionState, 'DNAT'>;

/** A packet as it enters the node, or as one of the node's own programs sends it. */
export interface Packet {
  readonly family: Family;
  readonly protocol: Protocol;
  readonly source: Address;
  /** Without it, rules that ask for the source port have an unknown answer. */
  readonly sourcePort?: number;
  readonly destination: Address;
  readonly destinationPort: number;
  /** By which interface it came; undefined for what the node itself sends. */
  readonly inInterface: string | undefined;
  /** The port of the bridge by which it came, where bridged packets meet these rules (br_netfilter). */
  readonly bridgePort?: string;
  /**
   * NEW without it. Only new connections meet the nat table: packets in other states carry the addresses
   * that they have once connection tracking has translated them.
   */
  readonly state?: PacketState;
  /** In states other than NEW: whether its connection was sent elsewhere by DNAT. False without it. */
  readonly dnat?: boolean;
  /** 0 without it. */
  readonly mark?: Mark;
}
