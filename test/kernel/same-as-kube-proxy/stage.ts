import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { backendOf, type BackendKind } from '../../../src/iptables/backend.ts';
import type { Family } from '../../../src/net/address.ts';
import { FakeServer } from '../../api/fake-server.ts';
import { BUNDLE } from '../../cli/chainwright.ts';
import { makeNode, output, type Namespace } from '../namespace.ts';
import { startKubeProxy } from '../traffic/kube-proxy.ts';
import { startProxy, type Proxy } from '../traffic/proxy.ts';
import type { ApiChange } from './cluster.ts';
import { configDocument, type NamedConfig } from './configs.ts';
import { forwardingServer } from './forwarding.ts';
import { healthCheckAnswers } from './health-checks.ts';
import { kubeconfigOf } from '../../support/kubeconfig.ts';

/* Two nodes that are alike, one with the real kube-proxy and one with ours, and one API server for both. */

export interface StageOptions {
  readonly kubeProxy: string;
  readonly kind: BackendKind;
  readonly config: NamedConfig;
}

export interface Stage extends AsyncDisposable {
  readonly config: NamedConfig;
  readonly theirs: Side;
  readonly ours: Side;
  /** Has the API server tell of the changes; where the watches are cut first, by the lists that follow. */
  readonly apply: (changes: readonly ApiChange[], how: { readonly isCutOff: boolean }) => void;
}

/** A node and the proxy on it. */
export interface Side {
  readonly name: 'kube-proxy' | 'chainwright';
  /** What iptables-save prints of all tables. */
  readonly read: (family: Family) => Promise<string>;
  /** What it says at the health-check node ports. */
  readonly healthChecks: () => Promise<string>;
  /** Starts the proxy, or ends it and starts it anew over its rules. */
  readonly restart: () => Promise<void>;
  /** Starts it anew where it has ended by itself: as the kubelet does. */
  readonly keepRunning: () => Promise<void>;
  /** Gives the interface these addresses besides its own. */
  readonly setAddresses: (addresses: readonly string[]) => Promise<void>;
  readonly log: () => string;
}

const API_PORT = 6443;
const NODE_ADDRESS = '192.168.77.10/24';
const NODE_ADDRESS_6 = 'fd00:77::10';

export async function makeStage({ kubeProxy, kind, config }: StageOptions): Promise<Stage> {
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-same-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  const server = await FakeServer.start();
  resources.defer(() => server.stop());
  const socket = join(directory, 'api');
  const gate = await openGate(socket, server.url);
  resources.defer(() => new Promise<void>((resolve) => void gate.close(() => resolve())));

  const makeSide = async (
    name: Side['name'],
    start: (node: Namespace, configPath: string) => Promise<Proxy> | Proxy,
  ): Promise<Side> => {
    const home = join(directory, name);
    await mkdir(home);
    const node = resources.use(await makeNode(NODE_ADDRESS));
    await changeAddress(node, 'add', NODE_ADDRESS_6);
    // The kubelet's mark: this store is the one in use.
    await output(node, `iptables-${kind}`, '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
    resources.use(await startForwarding(node, socket));
    const configPath = join(home, 'config.yaml');
    await writeFile(
      join(home, 'kubeconfig'),
      kubeconfigOf({ server: `https://127.0.0.1:${API_PORT}`, authority: server.authority.cert }),
    );
    await writeFile(configPath, JSON.stringify(configDocument(config, join(home, 'kubeconfig'))));
    const side = sideOf(name, { node, kind, start: () => start(node, configPath) });
    resources.defer(side.stop);
    return side;
  };
  const theirs = await makeSide('kube-proxy', (node, path) => startKubeProxy(node, kind, kubeProxy, path));
  const ours = await makeSide('chainwright', (node, path) =>
    startProxy(node, [process.execPath, BUNDLE, 'run', '--config', path, '--layout', 'classic']),
  );

  const kept = resources.move();
  return {
    config,
    theirs,
    ours,
    apply: (changes, { isCutOff }) => {
      if (isCutOff) server.endWatches('reset');
      for (const { plural, key, object } of changes) {
        if (object === undefined) server.remove(plural, key);
        else server.apply(plural, object);
      }
      if (isCutOff) server.store.compact();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface SideOptions {
  readonly node: Namespace;
  readonly kind: BackendKind;
  readonly start: () => Promise<Proxy> | Proxy;
}

function sideOf(
  name: Side['name'],
  { node, kind, start }: SideOptions,
): Side & { readonly stop: () => Promise<void> } {
  const lives: Proxy[] = [];
  let ended = false;
  const begin = async (): Promise<void> => {
    const started = await start();
    lives.push(started);
    ended = false;
    void started.ended.then(() => (ended ||= lives.at(-1) === started));
  };
  let given: readonly string[] = [];
  return {
    name,
    read: (family) => output(node, backendOf(kind, family).save[0]),
    healthChecks: () => healthCheckAnswers(node),
    restart: async () => {
      await lives.at(-1)?.stop();
      await begin();
    },
    keepRunning: async () => {
      if (ended) await begin();
    },
    setAddresses: async (addresses) => {
      for (const address of given)
        if (!addresses.includes(address)) await changeAddress(node, 'del', address);
      for (const address of addresses)
        if (!given.includes(address)) await changeAddress(node, 'add', address);
      given = addresses;
    },
    log: () => lives.map(({ log }) => log()).join(''),
    stop: async () => {
      await lives.at(-1)?.kill('everything');
    },
  };
}

async function changeAddress(node: Namespace, action: 'add' | 'del', address: string): Promise<void> {
  const isV6 = address.includes(':');
  const options = isV6 && action === 'add' ? ['nodad'] : [];
  await output(node, 'ip', 'address', action, `${address}/${isV6 ? 64 : 24}`, 'dev', 'eth0', ...options);
}

async function openGate(socket: string, url: string): Promise<Server> {
  const gate = forwardingServer(() => connect(Number(new URL(url).port), '127.0.0.1'));
  gate.listen(socket);
  await once(gate, 'listening');
  return gate;
}

async function startForwarding(node: Namespace, socket: string): Promise<AsyncDisposable> {
  const script = fileURLToPath(new URL('forward.ts', import.meta.url));
  const [file, ...via] = node.via;
  const child = execa(file, [...via, process.execPath, script, String(API_PORT), socket], {
    stdin: 'pipe',
    stderr: 'inherit',
    buffer: false,
    reject: false,
  });
  await once(child.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await child;
    },
  };
}
