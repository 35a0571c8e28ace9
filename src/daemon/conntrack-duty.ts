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
    const routes = changedRoutes(before, after, options.resetGoneEndpoints);
    if (routes.length === 0 && changes.length === 0) return;
    const start = performance.now();
    const outcome = await cleanConntrack({
      family,
      routes,
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

/** Only a UDP service port whose endpoints or addresses changed can have entries that went stale by it. */
function changedRoutes(before: readonly Route[], after: readonly Route[], tcpToo: boolean): readonly Route[] {
  const known = new Map(before.map((route) => [`${route.label} ${route.protocol}`, route]));
  return after.filter((route) => {
    if (route.protocol !== 'udp' && !(tcpToo && route.protocol === 'tcp')) return false;
    const old = known.get(`${route.label} ${route.protocol}`);
    return old === undefined || entryShape(old) !== entryShape(route);
  });
}

function entryShape({ clusterIP, port, nodePort, externalIPs, loadBalancerIPs, endpoints }: Route): string {
  const texts = endpoints.reachable.map(({ text }) => text);
  return JSON.stringify([clusterIP, port, nodePort, externalIPs, loadBalancerIPs, texts]);
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
