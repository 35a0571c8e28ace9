import type { NodeFacts } from '../inspect/facts.ts';
import type { Fate } from '../inspect/fate.ts';
import type { Packet } from '../inspect/packet.ts';
import type { Program } from '../inspect/program.ts';
import type { Claim, Claims } from '../inspect/check/claims.ts';
import type { Cluster } from '../model/objects.ts';
import type { Address } from '../net/address.ts';
import type { Listener } from '../model/listener.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';

/** What the cluster says of one family, as one node sees it. */
export interface Wanted {
  readonly cluster: Cluster;
  readonly routes: readonly Route[];
  readonly claims: Claims;
}

/** What only the machine itself can tell. */
export interface Machine {
  readonly listeners: readonly Listener[];
  /** The other rule store, where it holds a service proxy's rules as well. */
  readonly otherStore: 'nft' | 'legacy' | undefined;
}

/** All that is known of one family on one node. */
export interface Situation {
  readonly view: NodeView;
  readonly facts: NodeFacts;
  readonly program: Program;
  /** Whether the rules were made of the cluster just now, so that they cannot be stale. */
  readonly rulesAre: 'made' | 'found';
  /** undefined where only rules are given. */
  readonly wanted: Wanted | undefined;
  /** undefined where it is not the machine we are on. */
  readonly machine: Machine | undefined;
}

/** Where a packet comes from, and how this is told. */
export interface Asker {
  readonly who: 'outside' | 'node' | 'pod';
  readonly address: Address;
  readonly inInterface: string | undefined;
}

/** One packet, what services have to do with it, and what becomes of it. */
export interface Trip {
  readonly situation: Situation;
  readonly packet: Packet;
  readonly asker: Asker;
  /** By whom the packet should be taken, according to the cluster; several where claims conflict, the winner first. */
  readonly claims: readonly Claim[];
  readonly fates: readonly Fate[];
}
