import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import { familyName } from '../net/family-name.ts';
import type { HealthTracker } from '../health/proxy-health.ts';
import { RestoreError } from '../iptables/restore.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { SyncReport } from '../reconciler/observer.ts';
import type { ReconcilerObserver } from '../reconciler/reconciler.ts';
import type { SyncRecord } from '../status/sync-record.ts';
import type { ProgrammingLatency } from './programming-latency.ts';

export interface ObserverOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: HealthTracker;
  readonly latency: Readonly<Record<'ipv4' | 'ipv6', ProgrammingLatency>>;
  readonly postEvent: PostEvent;
  /** Told of the same, for whoever asks later. */
  readonly record: SyncRecord['observer'];
  /** What has to be done once new rules are in the kernel. */
  readonly afterSync: (report: SyncReport) => void;
}

/** Turns what the reconciler does into logs, metrics, health and Events. */
export function observe(options: ObserverOptions): ReconcilerObserver {
  const { log, metrics, health, postEvent, record } = options;
  return {
    onQueued: (family) => {
      record.onQueued(family);
      health.queuedUpdate(family);
      metrics.lastQueued.set({ ipFamily: familyName(family) }, Date.now() / 1000);
    },
    onSynced: (report) => {
      record.onSynced(report);
      countSync(metrics, report);
      health.updated(report.family);
      const ipFamily = familyName(report.family);
      for (const seconds of options.latency[report.family].take(report)) {
        metrics.networkProgrammingDuration.observe({ ipFamily }, seconds);
      }
      logSync(log, report);
      options.afterSync(report);
    },
    onFailed: (family, kind, error) => {
      record.onFailed(family, kind, error);
      const ipFamily = familyName(family);
      metrics.syncs.inc({ ipFamily, kind, outcome: 'failed' });
      if (error instanceof RestoreError) metrics.restoreFailures.inc({ ipFamily });
      if (kind === 'delta') metrics.partialRestoreFailures.inc({ ipFamily });
      log.error({ family, kind, error: error.message }, 'rules could not be written; tried again');
    },
    onIsolated: (family, services) => {
      record.onIsolated(family, services);
      metrics.isolatedServices.set({ ipFamily: familyName(family) }, services.size);
      for (const [service, error] of services) {
        log.error({ family, service, error: error.message }, 'the kernel refuses the rules of a service');
        const note = `the kernel refuses the ${family} rules of service ${service}: ${error.message}`;
        const [namespace = '', name = ''] = service.split('/');
        postEvent({
          type: 'Warning',
          reason: 'ServiceRefused',
          action: 'Sync',
          note,
          service: { namespace, name },
        });
      }
      if (services.size === 0) log.info({ family }, 'the kernel takes the rules of all services again');
    },
    onTrouble: (family, error) =>
      log.warn({ family, error: error.message }, 'looking after the rules failed'),
  };
}

function countSync(metrics: Metrics, { family, kind, seconds, counts, rules, repaired }: SyncReport): void {
  const ipFamily = familyName(family);
  metrics.syncs.inc({ ipFamily, kind, outcome: 'succeeded' });
  metrics.syncDuration.observe({ ipFamily }, seconds);
  (kind === 'full' ? metrics.fullSyncDuration : metrics.partialSyncDuration).observe({ ipFamily }, seconds);
  metrics.lastSynced.set({ ipFamily }, Date.now() / 1000);
  const { filter, nat } = counts;
  metrics.syncChains.observe({ ipFamily, change: 'written' }, filter.written + nat.written);
  metrics.syncChains.observe({ ipFamily, change: 'deleted' }, filter.removed + nat.removed);
  for (const table of ['filter', 'nat'] as const) {
    metrics.rules.set({ ipFamily, table }, rules[table]);
    metrics.rulesInLastSync.set({ ipFamily, table }, kind === 'full' ? rules[table] : counts[table].written);
  }
  if (repaired !== undefined) metrics.driftRepairs.inc({ ipFamily, kind: repaired });
}

function logSync(
  log: Logger,
  { family, kind, reason, seconds, counts, services, repaired, unread }: SyncReport,
): void {
  const fields = { family, kind, reason, seconds: Number(seconds.toFixed(4)), ...counts };
  if (repaired !== undefined)
    log.warn({ ...fields, damage: repaired }, 'rules that others had changed are repaired');
  else if (unread)
    log.warn(fields, 'all rules are written anew, since those in the kernel could not be read in time');
  else if (kind === 'full' && reason !== 'check') log.info(fields, 'rules are current');
  else log.debug({ ...fields, services: services && [...services] }, 'rules are current');
}
