import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectApi } from '../../src/cluster/api/connect.ts';
import type { FaultKind } from '../../src/cluster/api/fault.ts';
import { ENDPOINT_SLICES, ownNode, SERVICES, type Resource } from '../../src/cluster/api/resource.ts';
import { apiSource } from '../../src/cluster/api/source.ts';
import type { Timing } from '../../src/cluster/api/timing.ts';
import type { Change } from '../../src/cluster/source.ts';
import { keyOf, typed, type Plural } from './fake-store.ts';
import type { FakeServer } from './fake-server.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';

/** Short enough for tests, long enough to tell a hot loop from a patient one. */
export const TEST_TIMING: Timing = {
  listDeadline: 5_000,
  idle: 5_000,
  watchSeconds: [300, 600],
  pause: [20, 200],
  settled: 150,
  keepAlive: 15_000,
};

/** For tests of silence; a busy machine may take a healthy server for a silent one. */
export const IMPATIENT = { listDeadline: 1_000, idle: 1_000 };

export const NODE = 'node-a';

/** A source that follows a fake server, and what a listener of it would know. */
export interface Following {
  /** By kind and key. */
  readonly known: ReadonlyMap<string, unknown>;
  /** Every call of onChanges. */
  readonly batches: readonly (readonly Change[])[];
  readonly synced: () => number;
  readonly faults: readonly { readonly resource: Plural; readonly kind: FaultKind }[];
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Waits until what is known equals what the server holds, and every kind is watched again. */
  readonly settled: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface FollowingOptions {
  readonly timing?: Partial<Timing>;
  readonly longest?: number;
  /** A kubeconfig in place of one that names the server and its authority. */
  readonly kubeconfig?: string;
}

export function writeKubeconfig(server: FakeServer, user: Readonly<Record<string, unknown>> = {}): string {
  const path = join(mkdtempSync(join(tmpdir(), 'chainwright-api-')), 'kubeconfig');
  writeFileSync(path, kubeconfigOf({ server: server.url, authority: server.authority.cert, user }));
  return path;
}

export async function follow(server: FakeServer, options: FollowingOptions = {}): Promise<Following> {
  const known = new Map<string, unknown>();
  const batches: (readonly Change[])[] = [];
  const faults: { resource: Plural; kind: FaultKind }[] = [];
  const warnings: string[] = [];
  const infos: string[] = [];
  let synced = 0;
  const stop = new AbortController();
  const kubeconfig = options.kubeconfig ?? writeKubeconfig(server);
  const { send } = await connectApi({ kubeconfig }, 'chainwright/test');
  const line = (into: string[]) => (first: unknown, second?: string) => {
    into.push(typeof first === 'string' ? first : String(second));
  };
  const source = apiSource({
    send,
    nodeName: NODE,
    log: { debug: () => undefined, info: line(infos), warn: line(warnings) },
    telemetry: { onFault: (resource, { kind }) => void faults.push({ resource, kind }) },
    timing: { ...TEST_TIMING, ...options.timing },
    ...(options.longest === undefined ? {} : { longest: options.longest }),
  });
  const running = source.run(
    {
      onChanges: (changes) => {
        batches.push(changes);
        for (const { kind, key, object } of changes) {
          if (object === undefined) known.delete(`${kind} ${key}`);
          else known.set(`${kind} ${key}`, object);
        }
      },
      onSynced: () => {
        synced += 1;
      },
    },
    stop.signal,
  );
  running.catch(() => undefined);
  return {
    known,
    batches,
    synced: () => synced,
    faults,
    warnings,
    infos,
    settled: async () => {
      const end = performance.now() + 20_000;
      // A kind without objects is right before it was listed.
      const isSettled = () =>
        synced > 0 &&
        server.watchCount('services') === 1 &&
        server.watchCount('endpointslices') === 1 &&
        server.watchCount('nodes') === 1 &&
        sameMaps(known, stateOf(server));
      while (!isSettled()) {
        if (performance.now() > end) throw new Error(difference(known, server));
        await sleep(5);
      }
    },
    stop: async () => {
      stop.abort();
      await running;
      rmSync(join(kubeconfig, '..'), { recursive: true });
    },
  };
}

/** What a proxy on NODE should know of this server. */
function stateOf(server: FakeServer): ReadonlyMap<string, unknown> {
  const state = new Map<string, unknown>();
  const add = <Model>(plural: Plural, resource: Resource<Model>): void => {
    for (const object of server.store.list(plural, resource.selectors)) {
      const reading = resource.read(typed(plural, object), 'x');
      if (reading.kind === 'bad' || reading.model === undefined) continue;
      const { kind, key } = resource.change(keyOf(object.metadata), undefined);
      state.set(`${kind} ${key}`, reading.model);
    }
  };
  add('services', SERVICES);
  add('endpointslices', ENDPOINT_SLICES);
  add('nodes', ownNode(NODE));
  return state;
}

export function sameMaps(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => text(value) === text(other.get(key)));
}

function text(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

function difference(known: ReadonlyMap<string, unknown>, server: FakeServer): string {
  const expected = stateOf(server);
  const wrong = [...new Set([...known.keys(), ...expected.keys()])].filter(
    (key) => text(known.get(key)) !== text(expected.get(key)),
  );
  const seen = server.requests.map(({ verb, plural }) => `${verb} ${String(plural)}`);
  return `not settled: ${wrong.join(', ') || 'all objects are right'}; ${seen.length} requests: ${seen.slice(-12).join(', ')}`;
}
