import type { Protocol } from '../model/objects.ts';
import type { Address, Cidr, Family } from '../net/address.ts';
import type { ChainName } from './names.ts';

export type TableName = 'filter' | 'nat';

/** The kernel's own chains, where packets enter a table. */
export type BaseChainName = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

/** A packet mark; printed in hexadecimal. */
export type Mark = number;

export interface Negatable<Value> {
  readonly not: boolean;
  readonly value: Value;
}

/**
 * One rule: what the IP header must hold, then the extension matches in the order the kernel
 * evaluates them, then what happens. A rule without a target only counts.
 */
export interface Rule {
  readonly source?: Negatable<Cidr>;
  readonly destination?: Negatable<Cidr>;
  /** A name, or a prefix ending in `+`. */
  readonly inInterface?: Negatable<string>;
  readonly protocol?: Protocol;
  readonly matches: readonly Match[];
  readonly target?: Target;
}

export type Match =
  | { readonly kind: 'comment'; readonly text: string }
  /** `-m tcp` alone: loads the protocol's match without asking anything of it. */
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'destinationPort'; readonly protocol: Protocol; readonly port: number }
  /** Both ends included. */
  | {
      readonly kind: 'destinationPorts';
      readonly protocol: Protocol;
      readonly first: number;
      readonly last: number;
    }
  | { readonly kind: 'connectionState'; readonly not: boolean; readonly states: readonly ConnectionState[] }
  | { readonly kind: 'mark'; readonly not: boolean; readonly mark: Mark }
  | { readonly kind: 'localAddress'; readonly side: 'source' | 'destination' }
  | { readonly kind: 'chance'; readonly chance: Chance }
  | {
      readonly kind: 'recentlySeen';
      readonly list: ChainName;
      readonly seconds: number;
      readonly family: Family;
    }
  | { readonly kind: 'rememberSource'; readonly list: ChainName; readonly family: Family };

/** In the order in which iptables prints them. */
export type ConnectionState = 'INVALID' | 'NEW' | 'RELATED' | 'ESTABLISHED' | 'DNAT';

/** A probability as the kernel stores it: a whole number of 2^-31, 1 to 2^31. */
export type Chance = number & { readonly __brand: 'Chance' };

export type Target =
  | { readonly kind: 'jump'; readonly chain: ChainName }
  | { readonly kind: 'accept' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'return' }
  | { readonly kind: 'reject'; readonly family: Family }
  | { readonly kind: 'masquerade' }
  | { readonly kind: 'setMark'; readonly mark: Mark }
  /** Turns the mark's bits over: sets what was clear, clears what was set. */
  | { readonly kind: 'flipMark'; readonly mark: Mark }
  | { readonly kind: 'dnat'; readonly address: Address; readonly port: number };

export interface Chain {
  readonly name: ChainName;
  /** May be made anew at each walk: a dispatch chain of a large node is long. */
  readonly rules: Iterable<Rule>;
  /** `namespace/name` of the service it belongs to; undefined for the chains that every node has. */
  readonly service?: string;
  /** Another program writes the same chain with the same rules (the kubelet's KUBE-FIREWALL). */
  readonly shared?: boolean;
}

/** A rule in one of the kernel's own chains that leads into ours. */
export interface Jump {
  readonly from: BaseChainName;
  readonly rule: Rule;
}

/** One table's part of a ruleset. Chains come in an order in which no jump precedes its target. */
export interface Table {
  readonly name: TableName;
  /** In the order in which they stand in an empty table, the first evaluated first. */
  readonly jumps: readonly Jump[];
  /** Made anew at each call and never kept: a large node's rules do not fit in memory twice. */
  readonly chains: () => Iterable<Chain>;
}

/** All rules of one family on one node. */
export interface Ruleset {
  readonly family: Family;
  readonly tables: readonly Table[];
}
