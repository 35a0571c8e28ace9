import type { Family } from '../net/address.ts';
import type { TableName } from '../chains/rule.ts';
import type { Route } from '../routing/route.ts';

/** Why all rules are gone through, not only those that changed. */
export type FullReason = 'start' | 'node' | 'layout' | 'failure' | 'flush' | 'check' | 'change';

/** Tables were emptied; chains were changed or gone; the kernel's chains did not lead to ours. */
export type Damage = 'flush' | 'chain' | 'jump';

export type TableCounts = Readonly<Record<TableName, { readonly written: number; readonly removed: number }>>;

/** One sync that succeeded. */
export interface SyncReport {
  readonly family: Family;
  readonly kind: 'full' | 'delta';
  readonly reason: FullReason;
  readonly seconds: number;
  /** Chains by table; a delta counts edited dispatch rules as well. */
  readonly counts: TableCounts;
  /** Rules of ours in the kernel now, by table. */
  readonly rules: Readonly<Record<TableName, number>>;
  /** What the kernel had before, and has now: of the services that changed, or of all after a full sync. */
  readonly before: readonly Route[];
  readonly after: readonly Route[];
  /** Keys of the services that changed; undefined after a full sync, which may have changed any. */
  readonly services: ReadonlySet<string> | undefined;
  /** How many services had changed in the cluster since the sync before. */
  readonly changed: number;
  /** What others had done to our rules, though nothing had changed in the cluster. */
  readonly repaired: Damage | undefined;
  /** The kernel's rules could not be read in time: all were written, those that were right as well. */
  readonly unread: boolean;
}

/** What the reconciler tells those who log, count and answer health checks. */
export interface SyncObserver {
  readonly onSynced: (report: SyncReport) => void;
  readonly onFailed: (family: Family, kind: SyncReport['kind'], error: Error) => void;
  /** Services whose rules the kernel refuses; called when the set changes. */
  readonly onIsolated: (family: Family, services: ReadonlyMap<string, Error>) => void;
}
