import type { Logger } from 'pino';
import { cleanConntrack, type CleanOutcome } from '../conntrack/clean.ts';
import { policyChanges, servicePortKey } from '../conntrack/policy-change.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Family } from '../net/address.ts';
import { familyName } from '../net/family-name.ts';
import type { SyncReport } from '../reconciler/observer.ts';
import type { ClusterStore } from '../reconciler/store.ts';
import { mergeSlices, portKey } from '../routing/endpoints.ts';
import type { Endpoint, Route } from '../routing/route.ts';
import { readInterfaceAddresses } from '../node/host.ts';

export interface ConntrackDutyOptions {
  readonly store: ClusterStore;
  readonly nodeName: string;
  /** Open TCP connections to endpoints that are gone are reset. */
  readonly resetGoneEndpoints: boolean;
  /** All that the kernel has rules of: two services may share an address, and each keeps its own entries. */
  readonly routes: (family: Family) => Iterable<Route>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Deletes, after syncs, the conntrack entries that the new rules would not have made. */
export interface ConntrackDuty {
  /** After a sync: what it may have left behind. */
  readonly note: (report: SyncReport) => void;
  /** Looks once for all that was noted of the family since the last time; not at all where nothing was. */
  readonly clean: (family: Family) => Promise<void>;
}

/** What is still to be done for one family. Looking may take longer than syncs are apart. */
interface Owed {
  isDue: boolean;
  /** By service port, as they were before their policy became stricter: the oldest version counts. */
  readonly loose: Map<string, Route>;
}

export function conntrackDuty(options: ConntrackDutyOptions): ConntrackDuty {
  const { log, metrics } = options;
  const owed = new Map<Family, Owed>();
  let toldMissing = false;

  const owe = (family: Family, isDue: boolean, loose: Iterable<Route>): void => {
    const all = owed.get(family) ?? { isDue: false, loose: new Map<string, Route>() };
    owed.set(family, all);
    all.isDue ||= isDue;
    for (const route of loose) {
      const key = servicePortKey(route);
      if (!all.loose.has(key)) all.loose.set(key, route);
    }
  };

  const note = (report: SyncReport): void => {
    if (isSameAsBefore(report)) return;
    const loose = policyChanges(report.before, report.after).map(({ before }) => before);
    owe(report.family, loose.length > 0 || mayHaveStaleEntries(report, options.resetGoneEndpoints), loose);
  };

  const clean = async (family: Family): Promise<void> => {
    const all = owed.get(family);
    if (!all?.isDue) return;
    const { loose } = all;
    owed.delete(family);
    const start = performance.now();
    const outcome = await cleanConntrack({
      family,
      routes: options.routes(family),
      endpointsOf: (route) => endpointsOf(route, options, family),
      policyChanges: loose.size === 0 ? [] : policyChanges(loose.values(), options.routes(family)),
      ownAddresses: new Set(readInterfaceAddresses()),
      resetGoneEndpoints: options.resetGoneEndpoints,
    });
    // Stale entries of UDP are looked for anew each time. What a policy forbids would be forgotten.
    if (outcome.kind === 'failed') owe(family, false, loose.values());
    metrics.conntrackDuration.observe({ ipFamily: familyName(family) }, (performance.now() - start) / 1000);
    tell(outcome, family);
  };
  return { note, clean };

  function tell(outcome: CleanOutcome, family: Family): void {
    const ipFamily = familyName(family);
    switch (outcome.kind) {
      case 'nothingToLookFor':
        return;
      case 'toolMissing':
        if (!toldMissing) log.warn(outcome.message);
        toldMissing = true;
        return;
      case 'failed':
        log.warn({ family, error: outcome.message }, 'stale conntrack entries could not be deleted');
        return;
      case 'cleaned':
        if (outcome.deleted === 0) return;
        metrics.conntrackDeleted.inc({ ipFamily }, outcome.deleted);
        log.info(
          { family, deleted: outcome.deleted, stale: outcome.stale },
          'stale conntrack entries deleted',
        );
    }
  }
}

/** A comparison with the kernel that nothing had changed for, and that found all as it was. */
function isSameAsBefore({ services, reason, changed, repaired }: SyncReport): boolean {
  return services === undefined && reason === 'check' && changed === 0 && repaired === undefined;
}

/**
 * Endpoints of a service may come, go or stop to serve without a change of the rules, so that any change
 * of a service with UDP ports is looked at.
 */
function mayHaveStaleEntries({ before, after }: SyncReport, tcpToo: boolean): boolean {
  const counts = ({ protocol }: Route): boolean => protocol === 'udp' || (tcpToo && protocol === 'tcp');
  return before.some(counts) || after.some(counts);
}

function endpointsOf(
  route: Route,
  { store, nodeName }: ConntrackDutyOptions,
  family: Family,
): readonly Endpoint[] {
  const slices = store.slicesOf(`${route.namespace}/${route.service}`);
  const portName = route.label.slice(`${route.namespace}/${route.service}:`.length);
  return mergeSlices(slices, family, nodeName).get(portKey(portName, route.protocol)) ?? [];
}
