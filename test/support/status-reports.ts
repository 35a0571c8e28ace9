import type { FamilyStatus, StatusReport } from '../../src/status/schema.ts';

/* What a daemon might answer. */

const NOW = '2026-11-21T12:00:00.000Z';

const IPV4: FamilyStatus = {
  family: 'ipv4',
  backend: 'nft',
  state: 'inSync',
  layout: { inForce: 'classic', wanted: 'classic', why: 'auto, with 12 service ports' },
  services: 10,
  servicePorts: 12,
  endpoints: 31,
  rules: { filter: 8, nat: 1200 },
  lastFull: { at: '2026-11-21T11:57:00.000Z', seconds: 0.064, reason: 'check', written: 0, deleted: 0 },
  lastDelta: { at: '2026-11-21T11:59:48.000Z', seconds: 0.0042, reason: 'change', written: 3, deleted: 1 },
  pending: { services: 0, everything: false, since: null },
  failure: null,
  driftRepairs: { count: 0, last: null },
};

export const HEALTHY: StatusReport = {
  version: '1.2.3',
  node: 'node-a',
  at: NOW,
  startedAt: '2026-11-18T08:00:00.000Z',
  verdict: 'healthy',
  layout: { chosen: 'auto', comments: 'auto' },
  verify: 'sample',
  cluster: { services: 11, servicePorts: 12 },
  source: {
    kind: 'api',
    where: 'https://10.0.0.1:6443',
    state: 'following',
    syncedAt: '2026-11-18T08:00:02.000Z',
    lastHeard: '2026-11-21T11:59:57.000Z',
    lastChange: '2026-11-21T11:59:48.000Z',
    faults: [],
  },
  families: [IPV4, { ...IPV4, family: 'ipv6', services: 2, servicePorts: 2, lastDelta: null }],
  troubles: [],
  troublesTotal: 0,
  memory: { residentBytes: 90 * 2 ** 20, heapBytes: 16 * 2 ** 20 },
};

/** Everything that can be wrong at once. */
export const ILL: StatusReport = {
  ...HEALTHY,
  verdict: 'trouble',
  layout: { chosen: 'auto', comments: 'never' },
  source: {
    ...HEALTHY.source,
    state: 'reconnecting',
    faults: [{ what: 'services', since: '2026-11-21T11:58:00.000Z', error: 'connect ECONNREFUSED' }],
  },
  families: [
    {
      ...IPV4,
      state: 'failed',
      layout: { ...IPV4.layout, wanted: 'indexed' },
      pending: { services: 2, everything: true, since: '2026-11-21T11:59:50.000Z' },
      failure: {
        since: '2026-11-21T11:59:50.000Z',
        at: '2026-11-21T11:59:55.000Z',
        times: 3,
        error: 'iptables-restore: line 7 failed\n> 7: -A KUBE-X',
        retryInSeconds: 4.2,
      },
      driftRepairs: { count: 2, last: { at: '2026-11-21T11:30:00.000Z', damage: 'flush' } },
    },
  ],
  troubles: [
    {
      service: 'web/shop',
      families: ['ipv4'],
      severity: 'trouble',
      code: 'refusedByKernel',
      text: 'the kernel refuses its rules\nline 7 failed',
      remedy: 'look at it',
    },
    {
      service: 'web/far',
      families: ['ipv4'],
      severity: 'note',
      code: 'noLocalEndpoint',
      text: 'no endpoint here',
      remedy: null,
    },
  ],
  troublesTotal: 150,
};
