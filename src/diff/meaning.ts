import type { EntryKind } from '../inspect/check/claims.ts';
import type { Protocol } from '../model/objects.ts';
import type { Cidr, Family } from '../net/address.ts';
import type { LocalPods, NodePortScope } from '../routing/node-view.ts';

/*
 * What rules mean, whatever their layout and whoever wrote them: for each address and port that a service
 * answers on, what becomes of whom. Two rulesets with equal meanings do the same to every service's clients.
 */

/** Who asks, as far as services tell askers apart. */
export type Who =
  /** Of those who may come in, where source ranges say who may. */
  | 'outside'
  | 'pod'
  | 'node'
  /** Someone outside all source ranges; only where there are some. */
  | 'stranger';

export interface FamilyMeaning {
  readonly family: Family;
  /** By a key that is the same in both states. */
  readonly entries: ReadonlyMap<string, EntryMeaning>;
  readonly nodePorts: NodePortScope;
  /** `unknown` where nothing in the rules tells. */
  readonly localPods: LocalPods;
}

/** What one address and port of a service does. */
export interface EntryMeaning {
  readonly kind: EntryKind;
  readonly family: Family;
  readonly protocol: Protocol;
  /** undefined of a node port: it answers wherever node ports do. */
  readonly address: string | undefined;
  readonly port: number;
  /** `namespace/name`, or `namespace/name:port`; empty where nothing tells. */
  readonly service: string;
  readonly ways: Readonly<Partial<Record<Who, Way>>>;
  /** Who may come in; empty is everybody. */
  readonly sourceRanges: readonly Cidr[];
  readonly affinitySeconds: number | undefined;
  /** Whether endpoints that reach themselves are masqueraded, without which no answer finds back. */
  readonly reachesItself: boolean;
}

/** What becomes of the packets of one asker; the shares add up to 1. */
export interface Way {
  /** Sorted by their text. */
  readonly endpoints: readonly DealtEndpoint[];
  readonly masquerade: 'all' | 'none' | 'some';
  readonly otherwise: readonly Otherwise[];
}

export interface DealtEndpoint {
  /** `address:port`. */
  readonly to: string;
  /** `1`, `1/3`, or decimals where it is no such part. */
  readonly share: string;
}

/** What becomes of packets that no endpoint gets. */
export interface Otherwise {
  readonly fate: 'refused' | 'dropped' | 'leftAlone' | 'unknown';
  readonly share: string;
  /** Of an unknown fate: what is not modelled. */
  readonly part: string;
}
