/* One run of the generation benchmark, in a process of its own so that its memory is its own. */
import { readFileSync } from 'node:fs';
import { classicRuleset } from '../../src/chains/ruleset.ts';
import { chunks, restoreLines } from '../../src/iptables/restore-text.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import type { Cidr } from '../../src/net/address.ts';
import { plainView } from '../support/plain-routes.ts';
import { largeCluster } from './large-cluster.ts';

const [services = 10_000, endpoints = 10] = process.argv.slice(2).map(Number);
const view = plainView({ name: 'node-1', localPods: { kind: 'source', cidr: '10.128.0.0/9' as Cidr } });

const cluster = largeCluster(services, endpoints);
const before = memory('VmRSS');
const start = performance.now();
const routes = clusterRoutes(cluster, view);
const routed = performance.now();
let bytes = 0;
let lines = 0;
for (const text of chunks(restoreLines(classicRuleset(routes, view)))) {
  bytes += text.length;
  for (let at = text.indexOf(0x0a); at >= 0; at = text.indexOf(0x0a, at + 1)) lines += 1;
}
const end = performance.now();
const row = {
  routes: routed - start,
  text: end - routed,
  megabytes: bytes / 1e6,
  lines,
  peak: memory('VmHWM'),
  before,
};
process.stdout.write(JSON.stringify(row));

function memory(field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}
