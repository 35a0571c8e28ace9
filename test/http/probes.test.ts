import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Moment } from '../../src/health/clock.ts';
import { serve } from '../../src/health/http/serve.ts';
import { probeRoutes } from '../../src/health/probe-routes.ts';
import { trackHealth, type HealthTracker } from '../../src/health/proxy-health.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { ask, freePort, LOOPBACK } from './asking.ts';
import { recorded } from './recorded.ts';

/** When kube-proxy's syncs were, and when it was asked. */
const IPV4 = Date.parse('2026-11-21T06:39:01.857Z');
const IPV6 = Date.parse('2026-11-21T06:39:01.933Z');
const ASKED = Date.parse('2026-11-21T06:39:08.021Z');

const stop = new AbortController();
let now: Moment;
let node: { readonly leaving: boolean } | undefined;
let tracker: HealthTracker;
let port: number;
const { metrics, text } = createMetrics('0.0.0');

const routes = probeRoutes({
  health: () => tracker.health(),
  node: () => node,
  onAnswer: (probe, code) => metrics[`${probe}Probes`].inc({ code }),
});
let served: Promise<void>;

beforeAll(async () => {
  port = await freePort();
  await new Promise<void>((resolve) => {
    const report = () => resolve();
    const at = { address: LOOPBACK, port };
    served = serve({ server: 'healthz', at, routes, hardFail: true, signal: stop.signal, report });
  });
});

afterAll(async () => {
  stop.abort();
  await served;
});

beforeEach(() => {
  node = { leaving: false };
  const at = (wall: number): Moment => ({ wall, steady: wall - IPV4 });
  tracker = trackHealth({ syncPeriod: 30_000, clock: () => now });
  now = at(IPV4);
  tracker.updated('ipv4');
  now = at(IPV6);
  tracker.updated('ipv6');
  now = at(ASKED);
});

test('/healthz is kube-proxy’s, field by field and header by header', async () => {
  const { status, headers, body } = await ask(port, '/healthz');
  const theirs = recorded('healthz');
  expect(status).toBe(theirs.status);
  expect(Object.keys(JSON.parse(body) as object)).toEqual(Object.keys(JSON.parse(theirs.body) as object));
  expect(body).toBe(theirs.body.replaceAll(/(\.\d{3})\d*Z/g, '$1Z'));
  expect(headers).toEqual({
    ...theirs.headers,
    Date: headers.Date,
    'Content-Length': String(body.length),
  });
  expect(headers.Date).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
});

test('/livez stays well on a node that leaves, of which /healthz says 503', async () => {
  node = { leaving: true };
  expect((await ask(port, '/healthz')).status).toBe(recorded('healthz-node-to-be-deleted').status);
  expect((await ask(port, '/livez')).status).toBe(recorded('livez-node-to-be-deleted').status);
});

test('both say 503 when a change has waited for two sync periods', async () => {
  tracker.queuedUpdate('ipv6');
  now = { wall: now.wall + 60_000, steady: now.steady + 60_000 };
  for (const path of ['/healthz', '/livez']) {
    const { status, body } = await ask(port, path);
    expect(status).toBe(503);
    expect(JSON.parse(body)).toMatchObject({
      healthy: false,
      status: { IPv4: { healthy: true }, IPv6: { healthy: false, lastUpdated: '2026-11-21T06:39:01.933Z' } },
    });
  }
});

test('HEAD has the headers of GET and no body', async () => {
  const { status, headers, body } = await ask(port, '/livez', { method: 'HEAD' });
  expect({ status, body }).toEqual({ status: 200, body: '' });
  expect(Number(headers['Content-Length'])).toBeGreaterThan(200);
});

test('other paths are not found, as Go says it', async () => {
  for (const path of ['/', '/healthz/', '/metrics', '//', '/%ff', '/__proto__', '/constructor']) {
    expect(await ask(port, path)).toMatchObject({ status: 404, body: '404 page not found\n' });
  }
});

test('the answers are counted', async () => {
  node = undefined;
  const before = text();
  await ask(port, '/healthz');
  const count = (of: string) =>
    Number(/kubeproxy_proxy_healthz_total\{code="503"\} (\d+)/.exec(of)?.[1] ?? 0);
  expect(count(text())).toBe(count(before) + 1);
});
