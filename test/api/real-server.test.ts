import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectApi } from '../../src/cluster/api/connect.ts';
import { nodeEvents } from '../../src/cluster/api/node-event.ts';
import { ENDPOINT_SLICES, ownNode, SERVICES, type Resource } from '../../src/cluster/api/resource.ts';
import { apiSource } from '../../src/cluster/api/source.ts';
import type { Timing } from '../../src/cluster/api/timing.ts';
import { keyOf, without, type ApiObject } from './fake-store.ts';
import { sameMaps } from './following.ts';
import { labelled, node, service, slice } from './objects.ts';
import { ASSETS, startRealServer, type RealServer } from './real-server.ts';

/* The same source against a real kube-apiserver and etcd. */

const missing = ASSETS === undefined || ASSETS === '';
if (missing) {
  process.stdout.write(
    '\nSKIPPED: the tests against a real kube-apiserver. Set KUBEBUILDER_ASSETS to a directory that holds `etcd` and ' +
      '`kube-apiserver` to run them (`setup-envtest use -p path` prints one).\n\n',
  );
}

const PATHS = {
  services: '/api/v1/namespaces/shop/services',
  slices: '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices',
  nodes: '/api/v1/nodes',
};

describe.skipIf(missing)('a real API server', { timeout: 120_000 }, () => {
  let server: RealServer;

  beforeAll(async () => {
    // Without it a server that is told to end waits a minute for its watches.
    server = await startRealServer(ASSETS ?? '', '--shutdown-watch-termination-grace-period', '2s');
    await fill();
  }, 120_000);

  afterAll(() => server.stop());

  async function fill(): Promise<void> {
    await server.send('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
    await server.send('POST', PATHS.nodes, node('node-a'));
    await server.send('POST', PATHS.nodes, node('node-b'));
    for (const name of ['api', 'cart', 'web'])
      await server.send('POST', PATHS.services, plain(service(name)));
    await server.send('POST', PATHS.slices, slice('web', ['10.244.1.1', '10.244.1.2']));
  }

  interface Followed {
    readonly known: ReadonlyMap<string, unknown>;
    readonly steps: readonly string[];
    readonly faults: readonly string[];
    readonly warnings: readonly string[];
    readonly synced: () => boolean;
    /** Waits until what is known is what the server lists. */
    readonly settled: (seconds?: number) => Promise<void>;
    readonly stop: () => Promise<void>;
  }

  async function follow(timing: Partial<Timing> = {}): Promise<Followed> {
    const known = new Map<string, unknown>();
    const steps: string[] = [];
    const faults: string[] = [];
    const warnings: string[] = [];
    let synced = false;
    const stop = new AbortController();
    const { send } = await connectApi({ kubeconfig: server.kubeconfig.token }, 'chainwright/test');
    const quiet = (): void => undefined;
    const source = apiSource({
      send,
      nodeName: 'node-a',
      log: {
        debug: quiet,
        info: quiet,
        warn: (...words: unknown[]) => void warnings.push(words.map(String).join(' ')),
      },
      telemetry: {
        onStep: (resource, step) => void steps.push(`${step} ${resource}`),
        onFault: (resource, { kind, message }) => void faults.push(`${resource} ${kind}: ${message}`),
      },
      timing,
    });
    const running = source.run(
      {
        onChanges: (changes) => {
          for (const { kind, key, object } of changes) {
            if (object === undefined) known.delete(`${kind} ${key}`);
            else known.set(`${kind} ${key}`, object);
          }
        },
        onSynced: () => {
          synced = true;
        },
      },
      stop.signal,
    );
    return {
      known,
      steps,
      faults,
      warnings,
      synced: () => synced,
      settled: async (seconds = 20) => {
        const end = performance.now() + seconds * 1000;
        for (;;) {
          const expected = await listed().catch(() => undefined);
          if (expected !== undefined && sameMaps(known, expected)) return;
          if (performance.now() > end) {
            throw new Error(
              `not settled: ${[...known.keys()].join()}; ${steps.join()}; ${faults.join('; ')}`,
            );
          }
          await sleep(50);
        }
      },
      stop: async () => {
        stop.abort();
        await running;
      },
    };
  }

  async function listed(): Promise<ReadonlyMap<string, unknown>> {
    const state = new Map<string, unknown>();
    const add = async <Model>(resource: Resource<Model>): Promise<void> => {
      const query = new URLSearchParams(resource.selectors).toString();
      const { items } = (await server.send('GET', `${resource.path}?${query}`)) as { items: ApiObject[] };
      for (const item of items) {
        const reading = resource.read(item, 'x');
        if (reading.kind === 'bad') throw new Error(JSON.stringify(reading.problems));
        if (reading.model === undefined) continue;
        state.set(`${resource.change('', undefined).kind} ${keyOf(item.metadata)}`, reading.model);
      }
    };
    await add(SERVICES);
    await add(ENDPOINT_SLICES);
    await add(ownNode('node-a'));
    return state;
  }

  async function withSource(
    timing: Partial<Timing>,
    test: (followed: Followed) => Promise<void>,
  ): Promise<void> {
    const followed = await follow(timing);
    try {
      await followed.settled();
      await test(followed);
    } finally {
      await followed.stop();
    }
  }

  it('is known after one request for each kind', async () => {
    await withSource({}, async ({ steps, faults, synced, known }) => {
      expect(synced()).toBe(true);
      expect(steps.toSorted()).toEqual(['stream endpointslices', 'stream nodes', 'stream services']);
      expect(faults).toEqual([]);
      expect([...known.keys()]).toContain('service default/kubernetes');
      expect([...known.keys()]).not.toContain('node node-b');
      await Promise.resolve();
    });
  });

  it('lets us in by a certificate', async () => {
    const { send } = await connectApi({ kubeconfig: server.kubeconfig.certificate }, 'chainwright/test');
    const signal = AbortSignal.timeout(10_000);
    const response = await send({ method: 'GET', path: SERVICES.path, answerWithin: 5_000, signal });
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  it('is followed through changes and selectors', async () => {
    await withSource({}, async ({ settled, known, steps }) => {
      await server.send('POST', PATHS.services, plain(service('late', { type: 'NodePort' })));
      await server.send('POST', PATHS.services, plain(service('headless', { clusterIP: 'None' })));
      await server.send('PATCH', `${PATHS.services}/web`, { spec: { sessionAffinity: 'ClientIP' } });
      await server.send(
        'POST',
        PATHS.slices,
        labelled(slice('headless', ['10.244.1.9']), { 'service.kubernetes.io/headless': '' }),
      );
      await server.send('DELETE', `${PATHS.services}/api`);
      await server.send('PATCH', '/api/v1/nodes/node-a', {
        metadata: { labels: { 'topology.kubernetes.io/zone': 'zone-2' } },
      });
      await settled();
      expect(known.get('service shop/late')).toMatchObject({ type: 'NodePort' });
      expect(known.get('service shop/web')).toMatchObject({ affinitySeconds: 10_800 });
      expect(known.has('service shop/headless')).toBe(false);
      expect(known.has('service shop/api')).toBe(false);
      expect(known.get('node node-a')).toMatchObject({ zone: 'zone-2' });
      const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
      await server.send('PATCH', `${PATHS.services}/cart`, { metadata: { labels } });
      await settled();
      expect(known.has('service shop/cart')).toBe(false);
      expect(steps).toHaveLength(3);
    });
  });

  it('ends watches by time, and is watched on without a list', async () => {
    await withSource({ watchSeconds: [3, 4] }, async ({ settled, steps, faults }) => {
      await sleep(9_000);
      await server.send('PATCH', `${PATHS.services}/web`, { spec: { sessionAffinity: 'None' } });
      await settled();
      expect(faults).toEqual([]);
      expect(steps.filter((step) => step === 'watch services').length).toBeGreaterThanOrEqual(2);
      expect(steps.filter((step) => step === 'stream services')).toHaveLength(1);
    });
  });

  it('takes an Event about the node', async () => {
    const { send } = await connectApi({ kubeconfig: server.kubeconfig.token }, 'chainwright/test');
    const failures: string[] = [];
    const post = nodeEvents({
      send,
      nodeName: 'node-a',
      log: { debug: (...words: unknown[]) => void failures.push(words.map(String).join(' ')) },
      signal: new AbortController().signal,
    });
    post({
      type: 'Warning',
      reason: 'PortTaken',
      action: 'Sync',
      note: 'a socket of the host has port 30080',
    });
    const path = '/apis/events.k8s.io/v1/namespaces/default/events';
    for (let tries = 0; tries < 50; tries += 1) {
      const { items } = (await server.send('GET', path)) as { items: Record<string, unknown>[] };
      if (items.length > 0) {
        expect(items[0]).toMatchObject({
          reason: 'PortTaken',
          reportingController: 'chainwright',
          regarding: { kind: 'Node', name: 'node-a' },
        });
        return;
      }
      await sleep(100);
    }
    throw new Error(`no Event came: ${failures.join()}`);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('is followed again after a restart (%s)', async (signal) => {
    await withSource({}, async ({ settled, known, steps }) => {
      const before = known.size;
      await server.stopApi(signal);
      await sleep(1_000);
      expect(known.size).toBe(before);
      await server.startApi();
      await server.send('POST', PATHS.services, plain(service(`after-${signal.toLowerCase()}`)));
      await settled(60);
      expect(steps.filter((step) => step.startsWith('stream')).length).toBeLessThanOrEqual(6);
    });
  });

  it('is followed again after its store forgot our versions', async () => {
    await withSource({}, async ({ settled, known, faults }) => {
      await server.stopApi('SIGKILL');
      await server.emptyStore();
      await server.startApi();
      await fill();
      await server.send('POST', PATHS.services, plain(service('new-world')));
      await settled(60);
      expect(known.has('service shop/new-world')).toBe(true);
      expect(known.has('service shop/late')).toBe(false);
      expect(faults.length).toBeLessThan(200);
    });
  });

  it('is listed where it does not offer WatchList', async () => {
    await server.stopApi();
    await server.startApi('--feature-gates', 'WatchList=false');
    await withSource({}, async ({ settled, steps, known }) => {
      await server.send('POST', PATHS.services, plain(service('listed')));
      await settled();
      expect(known.has('service shop/listed')).toBe(true);
      expect(steps.filter((step) => step.endsWith('services'))).toEqual([
        'stream services',
        'list services',
        'watch services',
      ]);
    });
  });
});

/** Without what the API server sets or allocates. */
function plain({ metadata, spec }: ApiObject): unknown {
  const { name, namespace, labels } = metadata;
  const fields = spec as Record<string, unknown>;
  const left = fields.clusterIP === 'None' ? ['clusterIPs'] : ['clusterIP', 'clusterIPs'];
  return { metadata: { name, namespace, labels }, spec: without(fields, left) };
}
