import { describe, expect, it } from 'vitest';
import { readManifests } from '../../../src/cluster/manifests.ts';
import { clusterStore } from '../../../src/reconciler/store.ts';
import { serviceKey, serviceRoutes } from '../../../src/routing/routes.ts';
import type { FamilyFacts, StatusFacts } from '../../../src/status/facts.ts';
import { statusReport } from '../../../src/status/report.ts';
import { statusReportSchema } from '../../../src/status/schema.ts';
import { sourceRecord } from '../../../src/status/source-record.ts';
import { syncRecord } from '../../../src/status/sync-record.ts';
import { view } from '../../support/one-service.ts';
import { syncReport } from '../../support/sync-reports.ts';

const REPORT = syncReport({
  kind: 'full',
  reason: 'start',
  seconds: 0.5,
  counts: { filter: { written: 6, removed: 0 }, nat: { written: 8, removed: 2 } },
  rules: { filter: 5, nat: 15 },
  changed: 0,
});

interface Objects {
  readonly name: string;
  readonly spec?: object;
  /** Nodes of its endpoints; null is one that is not ready. */
  readonly on?: readonly (string | null)[];
}

/** A daemon that has written the rules of these services, and what it says of itself. */
function daemon(objects: readonly Objects[]) {
  const syncs = syncRecord(() => 60_000);
  const source = sourceRecord({ kind: 'api', where: 'https://10.0.0.1' }, () => 61_000);
  const store = clusterStore('node-a');
  const text = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: objects.flatMap(manifests),
  });
  const { cluster } = readManifests([{ name: 'cluster.json', text }]);
  store.take([
    ...cluster.services.map((object) => ({ kind: 'service' as const, key: serviceKey(object), object })),
    ...cluster.slices.map((object) => ({ kind: 'slice' as const, key: serviceKey(object), object })),
  ]);
  const routes = [...store.services].flatMap(
    ([key, service]) => serviceRoutes(service, store.slicesOf(key), view)?.routes ?? [],
  );
  const told = (more: Partial<FamilyFacts> = {}, facts: Partial<StatusFacts> = {}) => {
    const family: FamilyFacts = {
      view,
      backend: 'nft',
      progress: {
        layout: { inForce: 'classic', wanted: 'classic' },
        isPending: false,
        pendingServices: 0,
        isFull: false,
        retryIn: undefined,
      },
      record: syncs.of('ipv4'),
      isOnTime: true,
      routes,
      closedPorts: [],
      ...more,
    };
    const report = statusReport({
      version: '1.2.3',
      node: 'node-a',
      now: 70_000,
      started: 10_000,
      layout: { name: 'auto', comments: 'auto' },
      verify: 'sample',
      store,
      source: source.state(),
      families: [family],
      takenNodePorts: [],
      memory: { resident: 100, heap: 50 },
      ...facts,
    });
    expect(statusReportSchema.safeParse(report).error).toBeUndefined();
    return report;
  };
  return { syncs, source, told };
}

function manifests({ name, spec = {}, on = [] }: Objects, index: number): readonly object[] {
  const metadata = { name, namespace: 'web' };
  const endpoints = on.map((nodeName, last) => ({
    addresses: [`10.244.${index}.${last + 1}`],
    conditions: { ready: nodeName !== null },
    ...(nodeName === null ? {} : { nodeName }),
  }));
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      type: 'NodePort',
      clusterIP: `10.96.${index >> 8}.${index & 255}`,
      ports: [{ port: 80, nodePort: 30_000 + index }],
      ...spec,
    },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP', name: '' }],
    endpoints,
  };
  return on.length === 0 ? [service] : [service, slice];
}

const FINE: Objects = { name: 'fine', on: ['node-a', 'node-b'] };

describe('the verdict', () => {
  it('is starting until the first sync, then healthy', () => {
    const { syncs, source, told } = daemon([FINE]);
    expect(told()).toMatchObject({ verdict: 'starting', source: { state: 'waiting' } });
    source.synced();
    syncs.observer.onSynced(REPORT);
    const report = told();
    expect(report).toMatchObject({
      verdict: 'healthy',
      source: { state: 'following', syncedAt: '1970-01-01T00:01:01.000Z' },
      cluster: { services: 1, servicePorts: 1 },
    });
    expect(report.families[0]).toMatchObject({
      state: 'inSync',
      services: 1,
      servicePorts: 1,
      endpoints: 2,
      rules: { filter: 5, nat: 15 },
      lastFull: { at: '1970-01-01T00:01:00.000Z', seconds: 0.5, reason: 'start', written: 14, deleted: 2 },
      lastDelta: null,
    });
  });

  it('is trouble while a sync fails, with the last error and the next try, and no longer', () => {
    const { syncs, told } = daemon([FINE]);
    syncs.observer.onSynced(REPORT);
    syncs.observer.onQueued('ipv4');
    syncs.observer.onFailed('ipv4', 'delta', new Error('first'));
    syncs.observer.onFailed('ipv4', 'full', new Error('second'));
    const { progress } = { progress: { retryIn: 4_000, pendingServices: 1, isPending: true, isFull: true } };
    const layout = { inForce: 'classic', wanted: 'classic' } as const;
    const report = told({ progress: { layout, ...progress } });
    expect(report.verdict).toBe('trouble');
    expect(report.families[0]).toMatchObject({
      state: 'failed',
      pending: { services: 1, everything: true, since: '1970-01-01T00:01:00.000Z' },
      failure: { times: 2, error: 'second', retryInSeconds: 4 },
    });
    syncs.observer.onSynced({ ...REPORT, kind: 'delta', reason: 'change', repaired: 'chain' });
    expect(told()).toMatchObject({ verdict: 'healthy' });
    expect(told().families[0]).toMatchObject({
      failure: null,
      lastFull: { reason: 'start' },
      lastDelta: { reason: 'change' },
      driftRepairs: { count: 1, last: { damage: 'chain' } },
      pending: { since: null },
    });
  });

  it('is trouble when changes wait for too long', () => {
    const { syncs, told } = daemon([FINE]);
    syncs.observer.onSynced(REPORT);
    expect(told({ isOnTime: false })).toMatchObject({ verdict: 'trouble', families: [{ state: 'late' }] });
  });

  it('is trouble while the source cannot be followed; what belongs to an ordinary watch is none', () => {
    const { syncs, source, told } = daemon([FINE]);
    const { onFault, onEvents } = source.telemetry;
    source.synced();
    syncs.observer.onSynced(REPORT);
    onFault('services', { kind: 'expired', message: 'too old' });
    onFault('services', { kind: 'silent', message: 'nothing came' });
    expect(told().verdict).toBe('healthy');
    onFault('services', { kind: 'silent', message: 'nothing came' });
    onFault('nodes', { kind: 'connection', message: 'connection reset' });
    expect(told()).toMatchObject({
      verdict: 'trouble',
      source: { state: 'reconnecting', faults: [{ what: 'services' }, { error: 'connection reset' }] },
    });
    onEvents('services', 1, 0);
    onEvents('nodes', 1, 0);
    expect(told().verdict).toBe('healthy');
    source.unreadable('broken.yaml: no YAML');
    expect(told().verdict).toBe('trouble');
    source.unreadable(undefined);
    expect(told().verdict).toBe('healthy');
  });
});

describe('services in trouble', () => {
  const codes = (objects: readonly Objects[], more: Partial<FamilyFacts> = {}) => {
    const { syncs, told } = daemon(objects);
    syncs.observer.onSynced(REPORT);
    const { verdict, troubles } = told(more);
    return [verdict, ...troubles.map(({ service, code, severity }) => `${service} ${code} ${severity}`)];
  };

  it('are those without a ready endpoint, with the cause that explain names', () => {
    expect(codes([FINE, { name: 'empty' }, { name: 'ill', on: [null] }])).toEqual([
      'trouble',
      'web/empty noSlices trouble',
      'web/ill notReady trouble',
    ]);
  });

  it('are a note where the policy is Local for the outside, and trouble where it is for pods', () => {
    const far = { on: ['node-b'] };
    expect(codes([{ name: 'far', spec: { externalTrafficPolicy: 'Local' }, ...far }])).toEqual([
      'healthy',
      'web/far noLocalEndpoint note',
    ]);
    expect(codes([{ name: 'far', spec: { internalTrafficPolicy: 'Local' }, ...far }])).toEqual([
      'trouble',
      'web/far noLocalEndpoint trouble',
    ]);
  });

  it('are those that the kernel refuses, and whose ports others have, before all others', () => {
    const { syncs, told } = daemon([{ name: 'empty' }, FINE]);
    syncs.observer.onSynced(REPORT);
    syncs.onUnproven('ipv4', new Map([['web/wrong', new Error('expected refused, found dropped')]]));
    syncs.observer.onIsolated('ipv4', new Map([['web/x', new Error('line 7 failed')]]));
    const listener = { protocol: 'tcp', address: '0.0.0.0', port: 30_001, owner: undefined } as const;
    const taken = {
      family: 'ipv4',
      protocol: 'tcp',
      port: 30_001,
      service: 'web/fine',
      certainty: 'sure',
    } as const;
    const { troubles } = told(
      { closedPorts: [{ service: 'web/lb', message: 'port 31000 is in use' }] },
      { takenNodePorts: [{ ...taken, listener: listener as never }] },
    );
    expect(troubles.map(({ service, code }) => [service, code])).toEqual([
      ['web/wrong', 'unproven'],
      ['web/x', 'refusedByKernel'],
      ['web/fine', 'portTaken'],
      ['web/lb', 'healthCheckPort'],
      ['web/empty', 'noSlices'],
    ]);
    expect(troubles[0]?.text).toContain('expected refused, found dropped');
    expect(troubles[1]?.text).toContain('line 7 failed');
  });

  it('are told up to a hundred, the worst first, and all are counted', () => {
    const { syncs, told } = daemon([
      ...Array.from({ length: 120 }, (_, index) => ({
        name: `far-${index}`,
        spec: { externalTrafficPolicy: 'Local' },
        on: ['node-b'],
      })),
      { name: 'empty' },
    ]);
    syncs.observer.onSynced(REPORT);
    const { troubles, troublesTotal, verdict } = told();
    expect(troubles).toHaveLength(100);
    expect(troublesTotal).toBe(121);
    expect(troubles[0]).toMatchObject({ service: 'web/empty', severity: 'trouble' });
    expect(verdict).toBe('trouble');
  });
});
