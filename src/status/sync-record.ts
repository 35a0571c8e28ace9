import { FAMILIES, type Family } from '../net/address.ts';
import type { Damage, FullReason, SyncObserver, SyncReport } from '../reconciler/observer.ts';
import type { Verification } from '../reconciler/proving.ts';
import type { ReconcilerObserver } from '../reconciler/reconciler.ts';

/** A sync that succeeded. */
export interface PastSync {
  /** Milliseconds since 1970, as all moments here. */
  readonly at: number;
  readonly seconds: number;
  readonly reason: FullReason;
  readonly written: number;
  readonly deleted: number;
}

/** Syncs that failed since the last one that succeeded. */
export interface Failure {
  readonly since: number;
  readonly at: number;
  readonly times: number;
  readonly error: string;
}

/** What one family's syncs came to. */
export interface FamilyRecord {
  readonly lastFull: PastSync | undefined;
  readonly lastDelta: PastSync | undefined;
  readonly rules: SyncReport['rules'] | undefined;
  /** When the oldest change came that the kernel does not have. */
  readonly waitingSince: number | undefined;
  readonly failure: Failure | undefined;
  readonly repairs: number;
  readonly lastRepair: { readonly at: number; readonly damage: Damage } | undefined;
  /** Services whose rules the kernel refuses. */
  readonly isolated: ReadonlyMap<string, Error>;
  /** Services that are held back, since their rules could not be proven. */
  readonly unproven: ReadonlyMap<string, Error>;
}

export interface SyncRecord extends Pick<Verification, 'onUnproven'> {
  /** To be told of all that the reconciler tells. */
  readonly observer: SyncObserver & Pick<ReconcilerObserver, 'onQueued'>;
  readonly of: (family: Family) => FamilyRecord;
}

const NOTHING: FamilyRecord = {
  lastFull: undefined,
  lastDelta: undefined,
  rules: undefined,
  waitingSince: undefined,
  failure: undefined,
  repairs: 0,
  lastRepair: undefined,
  isolated: new Map(),
  unproven: new Map(),
};

/**
 * Remembers of each sync what somebody may ask for later, and none of its routes.
 *
 * @param now milliseconds since 1970
 */
export function syncRecord(now: () => number): SyncRecord {
  const records = new Map<Family, FamilyRecord>(FAMILIES.map((family) => [family, NOTHING]));
  const of = (family: Family): FamilyRecord => records.get(family) ?? NOTHING;
  const note = (family: Family, news: Partial<FamilyRecord>): void => {
    records.set(family, { ...of(family), ...news });
  };
  return {
    of,
    onUnproven: (family, unproven) => note(family, { unproven }),
    observer: {
      onQueued: (family) => note(family, { waitingSince: of(family).waitingSince ?? now() }),
      onSynced: (report) => {
        const { family, kind, rules, repaired } = report;
        const sync = pastSync(report, now());
        note(family, { rules, waitingSince: undefined, failure: undefined });
        note(family, kind === 'full' ? { lastFull: sync } : { lastDelta: sync });
        if (repaired === undefined) return;
        note(family, { repairs: of(family).repairs + 1, lastRepair: { at: now(), damage: repaired } });
      },
      onFailed: (family, _, error) => {
        const before = of(family).failure;
        const failure = { at: now(), times: (before?.times ?? 0) + 1, error: error.message };
        note(family, { failure: { since: before?.since ?? failure.at, ...failure } });
      },
      onIsolated: (family, isolated) => note(family, { isolated }),
    },
  };
}

function pastSync({ seconds, reason, counts: { filter, nat } }: SyncReport, at: number): PastSync {
  return {
    at,
    seconds,
    reason,
    written: filter.written + nat.written,
    deleted: filter.removed + nat.removed,
  };
}
