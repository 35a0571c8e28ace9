/*
 * What it costs to prove rules before they are written: `make bench`. Three syncs, with --verify off, sample and
 * always, bring the same changes into the same kernel, one after the other in turns. Prints, asserts nothing.
 */
import { parseArgs } from 'node:util';
import type { Change } from '../../src/cluster/source.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import type { EndpointSlice } from '../../src/model/objects.ts';
import { FAMILIES, fromBigInt, type Cidr, type Family } from '../../src/net/address.ts';
import { familySync, type FamilySync } from '../../src/reconciler/family-sync.ts';
import { clusterStore, type ClusterStore } from '../../src/reconciler/store.ts';
import { serviceKey } from '../../src/routing/routes.ts';
import type { VerifyMode } from '../../src/verify/choice.ts';
import { verifier } from '../../src/verify/verifier.ts';
import { plainView } from '../support/plain-routes.ts';
import { largeCluster } from './large-cluster.ts';
import { isInside, prepareNode, row, runOnOwnNode } from './own-node.ts';
import { cpuOf } from './proxy-process.ts';

const MODES: readonly VerifyMode[] = ['off', 'sample', 'always'];
const POD_NETS = { ipv4: '10.128.0.0/9', ipv6: 'fd00:10:128::/48' } as Record<Family, Cidr>;
const NEW_PODS = { ipv4: 0x0ac8_0001n, ipv6: (0xfd00_0010_0128n << 80n) + (1n << 64n) };
/** Services whose endpoints change at once, and how often. */
const BURSTS = [
  { size: 1, times: 30 },
  { size: 50, times: 12 },
] as const;

const { values } = parseArgs({
  options: { services: { type: 'string', default: '5000' }, endpoints: { type: 'string', default: '10' } },
});
const services = Number(values.services);
const endpoints = Number(values.endpoints);

if (isInside()) {
  prepareNode();
  await measureAll();
} else {
  const { printed } = await runOnOwnNode(import.meta.filename, process.argv.slice(2), { seconds: 600 });
  process.stdout.write(printed);
}

async function measureAll(): Promise<void> {
  console.log(`\nproofs before rules are written, ${services} services x ${endpoints} endpoints, indexed`);
  console.log(
    row('backend', 'family', 'services at once', '--verify', 'median ms', 'CPU ms, with tools', 'CPU / off'),
  );
  console.log(row(...Array<string>(7).fill('---')));
  for (const kind of ['nft', 'legacy'] as const) for (const family of FAMILIES) await measure(kind, family);
}

interface Contender {
  readonly mode: VerifyMode;
  readonly sync: FamilySync;
}

async function measure(kind: BackendKind, family: Family): Promise<void> {
  const store = clusterStore('node-1');
  const cluster = largeCluster(services, endpoints, family);
  store.take(cluster.services.map((object) => ({ kind: 'service', key: serviceKey(object), object })));
  store.take(cluster.slices.map(changeTo));
  const contenders = MODES.map((mode): Contender => ({
    mode,
    sync: syncWith(mode, kind, family, store),
  }));
  for (const { sync } of contenders) await sync.sync();
  let pods = 0;
  for (const { size, times } of BURSTS) {
    const spent = new Map(contenders.map(({ mode }) => [mode, { cpu: 0, times: [] as number[] }]));
    for (let time = 0; time < times; time += 1) {
      const changes = Array.from({ length: size }, (_, index) => {
        const slice = cluster.slices[(time * size + index * 7) % services];
        if (slice === undefined) throw new Error('no such service');
        const [first, ...others] = slice.endpoints;
        if (first === undefined) throw new Error('a service without endpoints');
        pods += 1;
        const address = fromBigInt(family, NEW_PODS[family] + BigInt(pods));
        return changeTo({ ...slice, endpoints: [{ ...first, address }, ...others] });
      });
      const touched = store.take(changes).services;
      // Who goes first has to write; the others write the same once more.
      for (let turn = 0; turn < contenders.length; turn += 1) {
        const contender = contenders[(time + turn) % contenders.length];
        if (contender === undefined) continue;
        const before = cpuOf(process.pid) * 1000;
        const start = performance.now();
        contender.sync.touch(touched);
        await contender.sync.sync();
        const of = spent.get(contender.mode);
        of?.times.push(performance.now() - start);
        if (of !== undefined) of.cpu += cpuOf(process.pid) * 1000 - before;
      }
    }
    const base = spent.get('off')?.cpu ?? NaN;
    for (const [mode, { cpu: all, times: each }] of spent) {
      const cells = [median(each).toFixed(1), (all / times).toFixed(1), (all / base).toFixed(3)];
      console.log(row(kind, family, String(size), mode, ...cells));
    }
  }
}

function changeTo(object: EndpointSlice): Change {
  return { kind: 'slice', key: serviceKey(object), object };
}

function syncWith(mode: VerifyMode, kind: BackendKind, family: Family, store: ClusterStore): FamilySync {
  const view = plainView({
    family,
    name: 'node-1',
    localPods: { kind: 'source', cidr: POD_NETS[family] },
    localhostNodePorts: false,
  });
  const proofs = verifier({
    mode,
    nodeAddresses: () => [],
    random: Math.random,
    breathe: () => Promise.resolve(),
    clock: () => performance.now(),
    onError: (_, error) => {
      throw error;
    },
  });
  return familySync({
    backend: backendOf(kind, family),
    store,
    view: () => view,
    layout: () => ({ name: 'indexed', comments: 'auto' }),
    ...(mode !== 'off' && { verification: { ...proofs, onUnproven: refuse } }),
    clock: () => performance.now() / 1000,
    observer: {
      onSynced: () => undefined,
      onFailed: (_, __, error) => {
        throw error;
      },
      onIsolated: refuse,
    },
  });
}

function refuse(_: Family, found: ReadonlyMap<string, Error>): void {
  throw new Error([...found].map(([service, { message }]) => `${service}: ${message}`).join('\n'));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}
