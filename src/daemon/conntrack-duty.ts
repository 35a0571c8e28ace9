import type { Logger } from 'pino';
import { cleanConntrack, type CleanOutcome } from '../conntrack/clean.ts';
import { policyChanges } from '../conntrack/policy-change.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Family } from '../net/address.ts';
import { familyName } from '../health/family-name.ts';
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

/** Deletes, after a sync, the conntrack entries that the new rules would not have made. */
export type ConntrackDuty = (report: SyncReport) => Promise<void>;

export function conntrackDuty(options: ConntrackDutyOptions): ConntrackDuty {
  const { log, metrics } = options;
  let toldMissing = false;
  return async (report) => {
    const { family, before, after } = report;
    const changes = policyChanges(before, after);
    if (changes.length === 0 && !mayHaveStaleEntries(report, options.resetGoneEndpoints)) return;
    const start = performance.now();
    const outcome = await cleanConntrack({
      family,
      routes: options.routes(family),
      endpointsOf: (route) => endpointsOf(route, options, family),
      policyChanges: changes,
      ownAddresses: new Set(readInterfaceAddresses()),
      resetGoneEndpoints: options.resetGoneEndpoints,
    });
    metrics.conntrackDuration.observe({ ipFamily: familyName(family) }, (performance.now() - start) / 1000);
    tell(outcome, family);
  };

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

/**
 * Endpoints of a service may come, go or stop to serve without a change of the rules, so that any change
 * of a service with UDP ports is looked at. A sync of everything that found all as it was is none.
 */
function mayHaveStaleEntries(
  { services, before, after, reason, repaired }: SyncReport,
  tcpToo: boolean,
): boolean {
  if (services === undefined && reason === 'check' && repaired === undefined) return false;
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
