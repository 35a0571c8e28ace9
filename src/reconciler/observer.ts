import type { Family } from '../net/address.ts';
import type { TableName } from '../chains/rule.ts';

/** Why all rules are gone through, not only those that changed. */
export type FullReason = 'start' | 'node' | 'failure' | 'flush' | 'check' | 'change';

export type TableCounts = Readonly<Record<TableName, { readonly written: number; readonly removed: number }>>;

/** One sync that succeeded. */
export interface SyncReport {
  readonly family: Family;
  readonly kind: 'full' | 'delta';
  readonly reason: FullReason;
  readonly seconds: number;
  /** Chains by table; a delta counts edited dispatch rules as well. */
  readonly counts: TableCounts;
  /** Services of which something was written, as far as a delta knows them. */
  readonly services: readonly string[];
  /** Chains were not as they should have been, though nothing had changed in the cluster. */
  readonly repaired: boolean;
}

/** What the reconciler tells those who log, count and answer health checks. */
export interface SyncObserver {
  readonly onSynced: (report: SyncReport) => void;
  readonly onFailed: (family: Family, kind: SyncReport['kind'], error: Error) => void;
  /** Services whose rules the kernel refuses; called when the set changes. */
  readonly onIsolated: (family: Family, services: ReadonlyMap<string, Error>) => void;
}
