/* One run of the daemon's benchmark, on a node of its own: daemon-once.ts NAME BACKEND SERVICES ENDPOINTS CHANGES. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { FakeServer } from '../api/fake-server.ts';
import { benchSlice, benchStore, endpointChain, firstEndpoints, newAddress } from './cluster-objects.ts';
import { command, prepareNode } from './own-node.ts';
import { startProxy, type Metrics, type Proxy } from './proxy-process.ts';

export interface DaemonRow {
  /** Seconds, from the start of the process until its rules were loaded. */
  readonly firstSync: number;
  /** Seconds that its first sync of IPv4 took, by its own account. */
  readonly ownFirstSync: number;
  /** Milliseconds for each changed endpoint, from the event until the sync with it had ended. */
  readonly changes: readonly number[];
  /** Milliseconds that a sync of the changed rules alone took, by its own account. */
  readonly ownChange: number;
  /** MB. */
  readonly rssFirst: number;
  readonly rssEnd: number;
  readonly peak: number;
  /** Per cent of one processor. */
  readonly idle: number;
}

const IPV4 = 'ip_family="IPv4"';
const LAST = 'kubeproxy_sync_proxy_rules_last_timestamp_seconds';
const FULL = 'kubeproxy_sync_full_proxy_rules_duration_seconds';
const PARTIAL = 'kubeproxy_sync_partial_proxy_rules_duration_seconds';
const IDLE_SECONDS = 10;
const FIRST_SYNC_LIMIT = 120_000;
const CHANGE_LIMIT = 15_000;

const [name = 'chainwright', backend = 'nft', ...counts] = process.argv.slice(2);
const [services = 10_000, endpoints = 2, changes = 5] = counts.map(Number);
const kind = backend as BackendKind;

prepareNode();
const directory = mkdtempSync(join(tmpdir(), 'chainwright-bench-'));
const server = await FakeServer.start({ store: benchStore(services, endpoints) });
const kubeProxy = process.env.KUBE_PROXY ?? '';
const proxy = startProxy({ kind, directory, server, ...(name === 'chainwright' ? {} : { kubeProxy }) });
try {
  process.stdout.write(JSON.stringify(await measure()));
} finally {
  await proxy.stop();
  await server.stop();
  rmSync(directory, { recursive: true });
}

async function measure(): Promise<DaemonRow> {
  const first = await untilMetrics(proxy, (metrics) => metrics(LAST, IPV4) > 0, FIRST_SYNC_LIMIT, 100);
  const loaded = first(LAST, IPV4);
  // kube-proxy counts a sync some time after it has said when it was done.
  const own = await untilMetrics(proxy, (metrics) => metrics(`${FULL}_count`, IPV4) > 0, 15_000, 50);
  const chains = command(`iptables-${kind}-save`, '-t', 'nat').match(/^:KUBE-SEP-/gm)?.length ?? 0;
  if (chains !== services * endpoints)
    throw new Error(`${chains} endpoints in the kernel after the first sync`);
  // What follows a first sync should not count as idle, nor hold up a change.
  await sleep(3_000);
  const rssFirst = proxy.memory('VmRSS');
  const cpu = proxy.cpu();
  await sleep(IDLE_SECONDS * 1000);
  const idle = ((proxy.cpu() - cpu) / IDLE_SECONDS) * 100;
  const times: number[] = [];
  for (let change = 0; change < changes; change += 1) times.push(await changeOne(change));
  const last = await untilMetrics(proxy, () => true, 5_000, 100);
  return {
    firstSync: loaded - proxy.startedAt / 1000,
    ownFirstSync: own(`${FULL}_sum`, IPV4) / own(`${FULL}_count`, IPV4),
    changes: times,
    ownChange: (last(`${PARTIAL}_sum`, IPV4) / last(`${PARTIAL}_count`, IPV4)) * 1000,
    rssFirst,
    rssEnd: proxy.memory('VmRSS'),
    peak: proxy.memory('VmHWM'),
    idle,
  };
}

/** Replaces one endpoint of a service. */
async function changeOne(change: number): Promise<number> {
  const index = Math.floor((services * (change + 0.5)) / changes);
  const address = newAddress(change);
  const others = firstEndpoints(index, endpoints).slice(1);
  const object = benchSlice(index, [{ address, ready: true }, ...others]);
  const begin = Date.now();
  server.apply('endpointslices', object);
  // The sync's own time stamp counts, so that looking seldom costs nothing of what is measured.
  await sleep(200);
  const metrics = await untilMetrics(proxy, (found) => found(LAST, IPV4) * 1000 >= begin, CHANGE_LIMIT, 50);
  // Throws unless the kernel has it.
  command(`iptables-${kind}`, '-t', 'nat', '-S', endpointChain(index, address));
  await sleep(500);
  return metrics(LAST, IPV4) * 1000 - begin;
}

async function untilMetrics(
  { metrics, check, log }: Proxy,
  isSo: (metrics: Metrics) => boolean,
  limit: number,
  every: number,
): Promise<Metrics> {
  const end = performance.now() + limit;
  while (performance.now() < end) {
    check();
    const found = await metrics();
    if (found !== undefined && isSo(found)) return found;
    await sleep(every);
  }
  throw new Error(`not so after ${limit / 1000} s:\n${log().slice(-4000)}`);
}
