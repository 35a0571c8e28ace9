import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectApi } from '../../src/cluster/api/connect.ts';
import { FaultError } from '../../src/cluster/api/fault.ts';
import { nodeEvents } from '../../src/cluster/api/node-event.ts';
import { ENDPOINT_SLICES, ownNode, SERVICES } from '../../src/cluster/api/resource.ts';
import { apiSource } from '../../src/cluster/api/source.ts';
import type { Transport } from '../../src/cluster/api/transport.ts';
import { deployed } from '../unit/manifests/deployed.ts';
import { only } from '../unit/manifests/kustomize.ts';
import { FakeServer } from './fake-server.ts';
import { NODE, TEST_TIMING, writeKubeconfig } from './following.ts';
import { node, service, slice } from './objects.ts';
import { ASSETS, startRealServer, type RealServer } from './real-server.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';

/* What the daemon asks of the API server is what the role in manifests/base allows, and the other way round. */

interface ClusterRole {
  readonly metadata: { readonly name: string };
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

const { objects } = deployed('base');
const role = only(objects, 'ClusterRole') as unknown as ClusterRole;
const account = only(objects, 'ServiceAccount');
const binding = only(objects, 'ClusterRoleBinding');

/** `list services`, `create events.events.k8s.io` */
type Permission = string;

function permissionsOf({ rules }: ClusterRole): readonly Permission[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`),
      ),
    ),
  );
}

function permissionFor(
  method: string,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Permission {
  const [, group = '', resource = ''] =
    /^\/(?:api|apis\/([^/]+))\/v1(?:\/namespaces\/[^/]+)?\/([^/]+)$/.exec(path) ?? [];
  const verb = method === 'POST' ? 'create' : query.watch === '1' ? 'watch' : 'list';
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
}

const ALLOWED = permissionsOf(role);
const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const EVENT = { type: 'Normal', reason: 'Starting', action: 'StartKubeProxy', note: 'n' } as const;

describe('the role in manifests/base', () => {
  it('names no resource and no verb by a wildcard', () => {
    expect(JSON.stringify(role.rules)).not.toContain('*');
  });

  it.each([true, false])(
    'allows what is asked for, with WatchList on the server %s, and the two together are all',
    async (watchList) => {
      await using resources = new AsyncDisposableStack();
      const server = await FakeServer.start({ watchList });
      resources.defer(() => server.stop());
      server.apply('nodes', node(NODE));
      server.apply('services', service('web'));
      server.apply('endpointslices', slice('web', ['10.244.1.1']));
      const kubeconfig = writeKubeconfig(server);
      resources.defer(() => rmSync(join(kubeconfig, '..'), { recursive: true }));
      const { send } = await connectApi({ kubeconfig }, 'chainwright/test');
      const asked = new Set<Permission>();
      const noted: Transport = (request) => {
        asked.add(permissionFor(request.method, request.path, request.query));
        return send(request);
      };
      const stop = new AbortController();
      const source = apiSource({ send: noted, nodeName: NODE, log: QUIET, timing: TEST_TIMING });
      const running = source.run({ onChanges: () => undefined, onSynced: () => undefined }, stop.signal);
      resources.defer(async () => {
        stop.abort();
        await running;
      });
      const post = nodeEvents({ send: noted, nodeName: NODE, log: QUIET, signal: stop.signal });
      post(EVENT);
      post({ ...EVENT, note: 'm', service: { namespace: 'shop', name: 'web' } });
      const isAll = () => [...asked].sort();
      const watches = ALLOWED.filter((permission) => !permission.startsWith('list')).sort();
      // Where the server knows WatchList, lists are for the day on which it does not.
      await expect.poll(isAll, { timeout: 30_000 }).toEqual(watchList ? watches : ALLOWED.toSorted());
    },
  );
});

const missing = ASSETS === undefined || ASSETS === '';
if (missing) {
  process.stdout.write(
    '\nSKIPPED: the role of manifests/base against a real kube-apiserver. Set KUBEBUILDER_ASSETS to a directory that holds ' +
      '`etcd` and `kube-apiserver` to run it (`setup-envtest use -p path` prints one).\n\n',
  );
}

const ROLES = '/apis/rbac.authorization.k8s.io/v1';

describe.skipIf(missing)(
  'a pod with the account of manifests/base, and a real API server',
  { timeout: 120_000 },
  () => {
    let server: RealServer;
    let send: Transport;
    const directory = mkdtempSync(join(tmpdir(), 'chainwright-rbac-'));

    beforeAll(async () => {
      server = await startRealServer(ASSETS ?? '');
      const { name, namespace = '' } = account.metadata;
      // The controllers that make it are not there.
      await server
        .send('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
        .catch(() => undefined);
      await server.send('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, account);
      await server.send('POST', `${ROLES}/clusterroles`, role);
      await server.send('POST', `${ROLES}/clusterrolebindings`, binding);
      const asked = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 3600 },
      };
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const { status } = (await server.send('POST', path, asked)) as { status: { token: string } };
      const authorityFile = join(server.kubeconfig.token, '../ca.crt');
      const kubeconfig = join(directory, 'kubeconfig');
      const user = { token: status.token };
      writeFileSync(kubeconfig, kubeconfigOf({ server: server.url, authorityFile, user }));
      ({ send } = await connectApi({ kubeconfig }, 'chainwright/test'));
    }, 120_000);

    afterAll(async () => {
      rmSync(directory, { recursive: true });
      await server.stop();
    });

    /** Of what the role should allow, what is refused. */
    async function refused(): Promise<readonly Permission[]> {
      const requests = [SERVICES, ENDPOINT_SLICES, ownNode(NODE)].flatMap(({ path, selectors }) => [
        { method: 'GET' as const, path, query: { ...selectors, limit: '500' } },
        { method: 'GET' as const, path, query: { ...selectors, watch: '1', timeoutSeconds: '1' } },
      ]);
      const event = {
        ...{
          metadata: { generateName: 'e', namespace: 'default' },
          eventTime: '2026-01-01T00:00:00.000000Z',
        },
        ...{
          reportingController: 'chainwright',
          reportingInstance: 'n',
          action: 'a',
          reason: 'r',
          type: 'Normal',
        },
        regarding: { kind: 'Node', name: NODE },
      };
      const post = {
        method: 'POST' as const,
        path: '/apis/events.k8s.io/v1/namespaces/default/events',
        body: event,
      };
      const names: Permission[] = [];
      for (const request of [...requests, post]) {
        try {
          const response = await send({
            ...request,
            answerWithin: 10_000,
            signal: AbortSignal.timeout(20_000),
          });
          response.destroy();
        } catch (error) {
          if (!(error instanceof FaultError) || error.fault.kind !== 'forbidden') throw error;
          names.push(permissionFor(request.method, request.path, 'query' in request ? request.query : {}));
        }
      }
      return names;
    }

    it('may do everything that the daemon does', async () => {
      await expect.poll(refused, { timeout: 30_000 }).toEqual([]);
      const stop = new AbortController();
      const faults: string[] = [];
      const { promise: synced, resolve } = Promise.withResolvers<undefined>();
      const telemetry = {
        onFault: (resource: string, { message }: { message: string }) =>
          void faults.push(`${resource}: ${message}`),
      };
      const source = apiSource({ send, nodeName: NODE, log: QUIET, telemetry });
      const running = source.run(
        { onChanges: () => undefined, onSynced: () => resolve(undefined) },
        stop.signal,
      );
      await synced;
      stop.abort();
      await running;
      expect(faults).toEqual([]);
    });

    it.each(ALLOWED)('could not %s without being allowed to', async (permission) => {
      const [verb = '', resource = ''] = permission.split(/[ .]/);
      const rules = role.rules.flatMap((rule) =>
        rule.resources.map((each) => ({
          ...rule,
          resources: [each],
          verbs: rule.verbs.filter((other) => each !== resource || other !== verb),
        })),
      );
      const allowed = rules.filter(({ verbs }) => verbs.length > 0);
      await server.send('PATCH', `${ROLES}/clusterroles/${role.metadata.name}`, { rules: allowed });
      await expect.poll(refused, { timeout: 30_000 }).toEqual([permission]);
    });

    it.each([
      ['GET', '/api/v1/secrets'],
      ['GET', '/api/v1/pods'],
      ['GET', '/api/v1/configmaps'],
      ['POST', '/api/v1/namespaces/default/services'],
      ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
    ] as const)('may not %s %s', async (method, path) => {
      const request = { method, path, answerWithin: 10_000, signal: AbortSignal.timeout(20_000) };
      await expect(send(method === 'POST' ? { ...request, body: {} } : request)).rejects.toThrow('403');
    });
  },
);
