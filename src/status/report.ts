import type { ListLengths } from '../chains/layout-choice.ts';
import type { FamilyFacts, StatusFacts } from './facts.ts';
import type { FamilyStatus, SourceStatus, StatusReport, SyncStatus } from './schema.ts';
import { serviceTroubles } from './service-troubles.ts';
import type { SourceState } from './source-record.ts';
import type { PastSync } from './sync-record.ts';

/** Of services in trouble, so that an answer stays readable where a whole cluster is ill. */
const MOST_TROUBLES = 100;

export function statusReport(facts: StatusFacts): StatusReport {
  const { version, node, now, started, layout, verify, store, memory } = facts;
  const source = sourceStatus(facts.source);
  const families = facts.families.map((family) => familyStatus(family, facts));
  const { troubles, total } = serviceTroubles(facts, MOST_TROUBLES);
  return {
    version,
    node,
    at: iso(now),
    startedAt: iso(started),
    verdict: verdictOf({ source, families, troubles }),
    layout: { chosen: layout.name, comments: layout.comments },
    verify,
    cluster: { services: store.services.size, servicePorts: store.listLengths().servicePorts },
    source,
    families,
    troubles,
    troublesTotal: total,
    memory: { residentBytes: memory.resident, heapBytes: memory.heap },
  };
}

type Judged = Pick<StatusReport, 'source' | 'families' | 'troubles'>;

/** The worst troubles come first, so that the limit hides none that counts. */
function verdictOf({ source, families, troubles }: Judged): StatusReport['verdict'] {
  const isIll =
    source.faults.length > 0 ||
    families.some(({ state }) => state === 'failed' || state === 'late') ||
    troubles.some(({ severity }) => severity === 'trouble');
  if (isIll) return 'trouble';
  return families.some(({ state }) => state === 'waiting') ? 'starting' : 'healthy';
}

function sourceStatus({ kind, where, syncedAt, lastHeard, lastChange, faults }: SourceState): SourceStatus {
  return {
    kind,
    where,
    state: faults.length > 0 ? 'reconnecting' : syncedAt === undefined ? 'waiting' : 'following',
    syncedAt: isoOrNull(syncedAt),
    lastHeard: isoOrNull(lastHeard),
    lastChange: isoOrNull(lastChange),
    faults: faults.map(({ what, since, error }) => ({ what, since: iso(since), error })),
  };
}

function familyStatus(facts: FamilyFacts, { layout, store }: StatusFacts): FamilyStatus {
  const { view, backend, progress, record, routes } = facts;
  const { failure, lastRepair } = record;
  return {
    family: view.family,
    backend,
    state: stateOf(facts),
    layout: {
      inForce: progress.layout.inForce ?? null,
      wanted: progress.layout.wanted,
      why: layoutReason(layout.name, store.listLengths()),
    },
    services: new Set(routes.map(({ namespace, service }) => `${namespace}/${service}`)).size,
    servicePorts: routes.length,
    endpoints: routes.reduce((sum, { endpoints }) => sum + endpoints.reachable.length, 0),
    rules: record.rules ?? null,
    lastFull: syncStatus(record.lastFull),
    lastDelta: syncStatus(record.lastDelta),
    pending: {
      services: progress.pendingServices,
      everything: progress.isFull,
      since: isoOrNull(record.waitingSince),
    },
    failure:
      failure === undefined
        ? null
        : {
            since: iso(failure.since),
            at: iso(failure.at),
            times: failure.times,
            error: failure.error,
            retryInSeconds: progress.retryIn === undefined ? null : progress.retryIn / 1000,
          },
    driftRepairs: {
      count: record.repairs,
      last: lastRepair === undefined ? null : { at: iso(lastRepair.at), damage: lastRepair.damage },
    },
  };
}

function stateOf({ record, progress, isOnTime }: FamilyFacts): FamilyStatus['state'] {
  if (record.failure !== undefined) return 'failed';
  if (!isOnTime) return 'late';
  if (record.lastFull === undefined) return 'waiting';
  return progress.isPending ? 'pending' : 'inSync';
}

function layoutReason(
  chosen: StatusFacts['layout']['name'],
  { servicePorts, mostEndpoints }: ListLengths,
): string {
  if (chosen !== 'auto') return 'asked for';
  if (mostEndpoints > servicePorts)
    return `auto, with ${Math.ceil(mostEndpoints).toLocaleString('en')} endpoints in one service`;
  return `auto, with ${servicePorts.toLocaleString('en')} service port${servicePorts === 1 ? '' : 's'}`;
}

function syncStatus(sync: PastSync | undefined): SyncStatus | null {
  return sync === undefined ? null : { ...sync, at: iso(sync.at) };
}

function iso(moment: number): string {
  return new Date(moment).toISOString();
}

function isoOrNull(moment: number | undefined): string | null {
  return moment === undefined ? null : iso(moment);
}
