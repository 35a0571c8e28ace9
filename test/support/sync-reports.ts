import type { SyncReport } from '../../src/reconciler/observer.ts';

/** Of a sync of which nothing is asked but what is said. */
export function syncReport(fields: Partial<SyncReport> = {}): SyncReport {
  const counts = { written: 1, removed: 0 };
  return {
    family: 'ipv4',
    kind: 'delta',
    reason: 'change',
    seconds: 0,
    counts: { filter: counts, nat: counts },
    rules: { filter: 1, nat: 1 },
    before: [],
    after: [],
    services: fields.kind === 'full' ? undefined : new Set(['default/web']),
    changed: 1,
    repaired: undefined,
    unread: false,
    ...fields,
  };
}
