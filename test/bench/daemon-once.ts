/* One run of the daemon's benchmark, on a node of its own: daemon-once.ts NAME BACKEND SERVICES ENDPOINTS CHANGES. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { FakeServer } from '../api/fake-server.ts';
import { benchCluster } from './cluster-objects.ts';
import { command, prepareNode } from './own-node.ts';
import { startProxy, type Metrics, type Proxy } from './proxy-process.ts';

export interface DaemonRow {
  /** Seconds, from the start of the process until its rules were loaded. */
  readonly firstSync: number;
  /** Seconds that its first sync of IPv4 took, by its own account. */
  readonly ownFirstSync: number;
  /** Milliseconds for each changed endpoint, from the event until the sync with it had ended. */
  readonly changes: readonly number[];
  /** Likewise for each added service. */
  readonly added: readonly number[];
  /** Likewise for an endpoint changed in one service of a hundred, until the sync with the last had ended. */
  readonly percent: readonly number[];
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
const cluster = benchCluster('ipv4');
const server = await FakeServer.start({ store: cluster.store(services, endpoints) });
const kubeProxy = process.env.KUBE_PROXY ?? '';
let replaced = 0;
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
  const found = destinations();
  if (found.size !== services * endpoints)
    throw new Error(`${found.size} endpoints in the kernel after the first sync`);
  // What follows a first sync should not count as idle, nor hold up a change.
  await sleep(3_000);
  const rssFirst = proxy.memory('VmRSS');
  const cpu = proxy.cpu();
  await sleep(IDLE_SECONDS * 1000);
  const idle = ((proxy.cpu() - cpu) / IDLE_SECONDS) * 100;
  const times: number[] = [];
  for (let change = 0; change < changes; change += 1)
    times.push(await timed(() => replaceEndpoint(evenly(change))));
  const last = await untilMetrics(proxy, () => true, 5_000, 100);
  const added: number[] = [];
  for (let change = 0; change < changes; change += 1) added.push(await timed(() => addService(change)));
  const percent: number[] = [];
  for (let change = 0; change < changes; change += 1) percent.push(await timed(replaceInPercent));
  return {
    firstSync: loaded - proxy.startedAt / 1000,
    ownFirstSync: own(`${FULL}_sum`, IPV4) / own(`${FULL}_count`, IPV4),
    changes: times,
    added,
    percent,
    ownChange: (last(`${PARTIAL}_sum`, IPV4) / last(`${PARTIAL}_count`, IPV4)) * 1000,
    rssFirst,
    rssEnd: proxy.memory('VmRSS'),
    peak: proxy.memory('VmHWM'),
    idle,
  };
}

/** Milliseconds from what happens in the cluster until the last sync with it had ended. */
async function timed(happen: () => string): Promise<number> {
  const begin = Date.now();
  const isSynced = (metrics: Metrics): boolean => metrics(LAST, IPV4) * 1000 >= begin;
  const address = happen();
  const end = begin + CHANGE_LIMIT;
  while (Date.now() < end) {
    // The sync's own time stamp counts, so that looking seldom costs nothing of what is measured.
    await sleep(200);
    await untilMetrics(proxy, isSynced, CHANGE_LIMIT, 50);
    // What came in one burst may go into the kernel in several syncs; the last address comes with the last.
    if (!destinations().has(`${address}:8080`)) continue;
    // Time for the stamp, not for the next regular sync, which would be taken for this one.
    await sleep(100);
    const metrics = await untilMetrics(proxy, isSynced, CHANGE_LIMIT, 50);
    await sleep(500);
    return metrics(LAST, IPV4) * 1000 - begin;
  }
  throw new Error(
    `${address} is not in the kernel after ${CHANGE_LIMIT / 1000} s:\n${proxy.log().slice(-4000)}`,
  );
}

/** The endpoints that the kernel's rules lead to, in whatever chains. */
function destinations(): ReadonlySet<string> {
  const rules = command(`iptables-${kind}-save`, '-t', 'nat');
  return new Set(Array.from(rules.matchAll(/--to-destination (\S+)/g), ([, address = '']) => address));
}

/** @returns the new endpoint's address */
function replaceEndpoint(index: number): string {
  const address = cluster.newAddress(replaced);
  replaced += 1;
  const others = cluster.firstEndpoints(index, endpoints).slice(1);
  server.apply('endpointslices', cluster.slice(index, [{ address, ready: true }, ...others]));
  return address;
}

/** @returns the address of one of its endpoints */
function addService(change: number): string {
  const index = services + change;
  const pods = cluster.firstEndpoints(index, endpoints);
  server.apply('services', cluster.service(index));
  server.apply('endpointslices', cluster.slice(index, pods));
  return pods[0]?.address ?? '';
}

/** @returns the last new endpoint's address */
function replaceInPercent(): string {
  let last = '';
  for (let index = 0; index < services; index += 100) last = replaceEndpoint(index);
  return last;
}

/** The services that change are spread over all. */
function evenly(change: number): number {
  return Math.floor((services * (change + 0.5)) / changes);
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
