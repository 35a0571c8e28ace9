import type { Logger } from 'pino';
import type { Family } from '../net/address.ts';
import type { SyncReport } from '../reconciler/observer.ts';
import type { ConntrackDuty } from './conntrack-duty.ts';
import type { HealthCheckDuty } from './health-check-duty.ts';

export interface AfterSyncsOptions {
  readonly families: readonly Family[];
  /** Done once, after the first sync of each family. */
  readonly afterFirstRules: () => Promise<void>;
  readonly healthChecks: ReadonlyMap<Family, Pick<HealthCheckDuty, 'sync'>>;
  readonly conntrack: ConntrackDuty;
  readonly isWriting: () => boolean;
  readonly returnMemory: (work: SyncReport['kind']) => void;
  readonly log: Pick<Logger, 'error'>;
}

/**
 * What is done after syncs, one duty after the other for each family, and never in the way of the next sync.
 * They may take longer than syncs are apart: then they are done once for several.
 */
export interface AfterSyncs {
  readonly note: (report: SyncReport) => void;
  /** Resolves when nothing is left to do. */
  readonly settled: () => Promise<void>;
}

export function afterSyncs(options: AfterSyncsOptions): AfterSyncs {
  const { families, healthChecks, conntrack, isWriting, returnMemory, log } = options;
  const synced = new Set<Family>();
  const owed = new Map<Family, SyncReport['kind']>();
  const working = new Map<Family, Promise<void>>();
  let firstRules: Promise<void> | undefined;

  /** One that fails keeps no other from being done. */
  const attempt = async (duty: () => Promise<void> | undefined): Promise<void> => {
    try {
      await duty();
    } catch (error) {
      log.error({ error: String(error) }, 'a duty after a sync failed');
    }
  };

  const work = async (family: Family): Promise<void> => {
    for (let kind = owed.get(family); kind !== undefined; kind = owed.get(family)) {
      owed.delete(family);
      if (synced.size === families.length) await (firstRules ??= attempt(options.afterFirstRules));
      await attempt(() => healthChecks.get(family)?.sync());
      await attempt(() => conntrack.clean(family));
      if (!isWriting()) returnMemory(kind);
    }
    working.delete(family);
  };

  return {
    note: (report) => {
      const { family, kind } = report;
      conntrack.note(report);
      synced.add(family);
      owed.set(family, owed.get(family) === 'full' ? 'full' : kind);
      if (!working.has(family)) working.set(family, work(family));
    },
    settled: async () => {
      await Promise.all(working.values());
    },
  };
}
