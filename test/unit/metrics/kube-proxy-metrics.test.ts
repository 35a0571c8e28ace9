import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../src/metrics/definition.ts';
import { KUBE_PROXY_METRICS } from '../../../src/metrics/kube-proxy.ts';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import { formatNumber } from '../../../src/metrics/number.ts';
import { recorded } from '../../http/recorded.ts';
import { readExposition } from './exposition.ts';

const theirs = readExposition(recorded('metrics').body);
const ours: readonly Definition[] = Object.values(KUBE_PROXY_METRICS);

/** Recorded metrics that are kube-proxy's own, its process's, or of its client as dashboards use them. */
const OWN = /^(kubeproxy_|process_|rest_client_requests_total$|rest_client_request_duration_seconds$)/;
const ownNames = [...theirs.keys()].filter((name) => OWN.test(name));

/** Registered by kube-proxy in its iptables mode, though nothing happened in the recorded run to show them. */
const SYNC_BOUNDS = theirs.get('kubeproxy_sync_proxy_rules_duration_seconds')?.buckets.slice(0, -1);
const NOT_SEEN = {
  kubeproxy_sync_partial_proxy_rules_duration_seconds: {
    type: 'histogram',
    labels: ['ip_family'],
    buckets: SYNC_BOUNDS,
  },
  kubeproxy_network_programming_duration_seconds: {
    type: 'histogram',
    labels: ['ip_family'],
    buckets: [
      ...['0.25', '0.5'],
      ...Array.from({ length: 59 }, (_, index) => String(index + 1)),
      ...Array.from({ length: 12 }, (_, index) => String(60 + 5 * index)),
      ...['120', '150', '180', '210', '240', '270', '300'],
    ],
  },
  kubeproxy_sync_proxy_rules_iptables_restore_failures_total: {
    type: 'counter',
    labels: ['ip_family'],
    buckets: [],
  },
  kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total: {
    type: 'counter',
    labels: ['ip_family'],
    buckets: [],
  },
  kubeproxy_conntrack_reconciler_sync_duration_seconds: {
    type: 'histogram',
    labels: ['ip_family'],
    buckets: SYNC_BOUNDS,
  },
  kubeproxy_conntrack_reconciler_deleted_entries_total: {
    type: 'counter',
    labels: ['ip_family'],
    buckets: [],
  },
};

function shapeOf({ kind, labels, buckets }: Definition) {
  return {
    type: kind === 'mirror' ? 'counter' : kind,
    labels: Object.values(labels)
      .map(({ name }) => name)
      .sort(),
    buckets: buckets.map(formatNumber),
  };
}

function oursCalled(name: string): Definition | undefined {
  return ours.find((definition) => definition.name === name);
}

/** All metrics, after each has happened once. */
function filledText(): string {
  const { metrics, text } = createMetrics('0.0.0');
  metrics.invalidDropped.set({}, 0);
  metrics.localhostNodePortsAccepted.set({}, 0);
  for (const ipFamily of ['IPv4', 'IPv6'] as const) {
    metrics.syncDuration.observe({ ipFamily }, 0.01);
    metrics.fullSyncDuration.observe({ ipFamily }, 0.01);
    metrics.lastSynced.set({ ipFamily }, 1);
    metrics.lastQueued.set({ ipFamily }, 1);
    for (const table of ['nat', 'filter'] as const) {
      metrics.rules.set({ ipFamily, table }, 1);
      metrics.rulesInLastSync.set({ ipFamily, table }, 1);
    }
    for (const trafficPolicy of ['internal', 'external'] as const) {
      metrics.noLocalEndpoints.set({ ipFamily, trafficPolicy }, 0);
    }
  }
  metrics.healthzProbes.inc({ code: '200' });
  metrics.livezProbes.inc({ code: '200' });
  metrics.clientRequests.inc({ code: '200', host: '127.0.0.1:6443', method: 'GET' });
  metrics.clientRequestDuration.observe({ host: '127.0.0.1:6443', verb: 'POST' }, 0.01);
  return text();
}

describe('of the recorded metrics', () => {
  const printed = readExposition(filledText());

  test('there are those of kube-proxy, its process and its client', () => {
    expect(ownNames).toHaveLength(26);
  });

  test.each(ownNames)('%s is printed with the same type, labels, buckets and stability', (name) => {
    const { type, labels, buckets, help } = theirs.get(name) ?? {};
    expect(printed.get(name)).toMatchObject({ type, labels, buckets });
    const stability = /^\[\w+\] /;
    expect(stability.exec(printed.get(name)?.help ?? '')?.[0]).toBe(stability.exec(help ?? '')?.[0]);
  });

  test.each(ownNames.filter((name) => name.startsWith('kubeproxy_')))(
    '%s has the same series, in the same order',
    (name) => {
      const series = (lines: readonly string[] = []) =>
        lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
      expect(series(printed.get(name)?.lines)).toEqual(series(theirs.get(name)?.lines));
    },
  );
});

describe('kube-proxy also has', () => {
  test.each(Object.entries(NOT_SEEN))('%s', (name, shape) => {
    const definition = oursCalled(name);
    expect(definition && shapeOf(definition)).toEqual(shape);
    expect(definition?.help).toMatch(/^\[ALPHA\] /);
  });

  test('nothing else that is defined here under its names', () => {
    const names = ours.map(({ name }) => name).sort();
    const known = [...ownNames, ...Object.keys(NOT_SEEN)].filter((name) => !name.startsWith('process_'));
    expect(names).toEqual(known.sort());
  });
});

test('a fresh program prints only what kube-proxy would, and never a counter of the kernel that nobody read', () => {
  const names = [...readExposition(createMetrics('0.0.0').text()).keys()];
  expect(names.filter((name) => /^(kubeproxy|rest)_/.test(name))).toEqual([
    'kubeproxy_sync_proxy_rules_endpoint_changes_pending',
    'kubeproxy_sync_proxy_rules_endpoint_changes_total',
    'kubeproxy_sync_proxy_rules_service_changes_pending',
    'kubeproxy_sync_proxy_rules_service_changes_total',
  ]);
});
