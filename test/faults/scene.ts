import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { BUNDLE } from '../cli/chainwright.ts';
import { output, type Namespace } from '../kernel/namespace.ts';
import { startApiServer, type ApiServer } from '../kernel/traffic/kube-proxy.ts';
import { makeNetwork, startTraffic } from '../kernel/traffic/network.ts';
import { otherObjects, steadyObjects } from '../kernel/traffic/plan.ts';
import {
  desiredRules,
  HOST_FLAGS,
  RULE_FLAGS,
  settledRules,
  startProxy,
  writeManifests,
  type Proxy,
} from '../kernel/traffic/proxy.ts';
import { makeFaultyTools, type FaultyTools } from './faulty-tools.ts';

/*
 * A node on which the daemon runs, and a client that asks services which nobody changes, through all that is done to
 * the daemon.
 */

/** Faults that take minutes, and each fault in both stores; the short form takes each in one. */
export const IS_LONG = process.env.FAULTS === 'long';
/** CI machines are slow. */
export const PATIENCE = { timeout: 30_000, interval: 100 } as const;
const OTHERS = 20;

export interface Scene extends AsyncDisposable {
  readonly node: Namespace;
  /** Of the test's own. */
  readonly directory: string;
  readonly tools: FaultyTools;
  /** The one that was started last. */
  readonly proxy: () => Proxy;
  /**
   * @param settings of its environment, such as `NAME=VALUE`
   * @param program the bundle, unless it is another one
   * @param where the node, unless it is another one
   */
  readonly start: (settings?: readonly string[], program?: string, where?: Namespace) => Proxy;
  /** What the daemon has logged since this was called last. */
  readonly newLog: () => string;
  /**
   * Changes services that nobody asks, and gives back the rules that this makes.
   *
   * @param what with the node, all rules are compared with the kernel's; otherwise those that change are written
   */
  readonly edit: (what?: 'services' | 'services and node') => Promise<string>;
  /** The kernel comes to hold these rules, and the client has lost nothing so far. */
  readonly expectSettled: (desired: string) => Promise<void>;
  readonly expectNoLoss: () => Promise<void>;
  /** Where the daemon follows an API server: what that does to it. */
  readonly misbehave: ApiServer['misbehave'];
  /** The client asks no more, and has lost nothing. */
  readonly endTraffic: () => Promise<void>;
}

/**
 * Its daemon runs and its client asks when it is there.
 *
 * @param settings of the daemon's environment, such as `NAME=VALUE`, given the directory of the test
 * @param source where the daemon has its objects from
 */
export async function makeScene(
  kind: BackendKind,
  settings: (directory: string) => readonly string[] = () => [],
  source: 'files' | 'an API server' = 'files',
): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-faults-'));
  resources.defer(() => rm(directory, { recursive: true }));
  const manifests = join(directory, 'manifests');
  await mkdir(manifests);
  const tools = await makeFaultyTools(directory);
  const network = resources.use(await makeNetwork(kind));
  const { node } = network;
  // The kubelet's mark: this store is the one in use.
  await output(node, `iptables-${kind}`, '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');

  let round = 0;
  let zone = 0;
  const edit: Scene['edit'] = async (what = 'services') => {
    round += 1;
    if (what !== 'services') zone += 1;
    const labels = { 'topology.kubernetes.io/zone': `zone-${zone}` };
    const steady = steadyObjects().map((object) =>
      object.kind === 'Node' ? { ...object, metadata: { ...object.metadata, labels } } : object,
    );
    await writeManifests(manifests, [...steady, ...otherObjects(OTHERS, round)]);
    return await desiredRules(join(manifests, 'cluster.json'));
  };
  const started: Proxy[] = [];
  const start: Scene['start'] = (environment = [], program = BUNDLE, where = node) => {
    const from =
      api === undefined ? ['--source', `dir:${manifests}`] : ['--kubeconfig', join(manifests, 'kubeconfig')];
    const flags = [...RULE_FLAGS, ...HOST_FLAGS, ...from];
    // What failed is tried again, and everything compared, at least once a second.
    const often = ['--iptables-min-sync-period=10ms', '--iptables-sync-period=1s'];
    const path = `PATH=${tools.directory}`;
    const command = ['env', path, ...environment, process.execPath, program, 'run'];
    const proxy = startProxy(where, [...command, ...flags, ...often]);
    started.push(proxy);
    return proxy;
  };
  resources.defer(async () => {
    for (const proxy of started) await proxy.kill('everything');
  });
  const proxy = (): Proxy => {
    const last = started.at(-1);
    if (last === undefined) throw new Error('no daemon was started');
    return last;
  };
  let read = '';
  const newLog = (): string => {
    const log = proxy().log();
    const since = log.startsWith(read) ? log.slice(read.length) : log;
    read = log;
    return since;
  };

  const first = await edit();
  const api = source === 'files' ? undefined : resources.use(await startApiServer(node, manifests));
  start(settings(directory));
  expect(await settledRules(node, kind, first)).toBe(first);
  const traffic = await startTraffic(network);
  const strays = await network.strayPackets();
  const expectNoLoss = async (): Promise<void> => {
    for (const each of traffic) expect((await each.tally()).failures).toEqual({});
    expect(await network.strayPackets()).toBe(strays);
  };
  let hasEnded = false;
  const endTraffic = async (): Promise<void> => {
    if (hasEnded) return;
    hasEnded = true;
    await expectNoLoss();
    for (const each of traffic) {
      const { asked, answered, failures } = await each.finish();
      expect({ answered, failures }).toEqual({ answered: asked, failures: {} });
      expect(asked).toBeGreaterThan(50);
    }
  };
  const kept = resources.move();
  return {
    node,
    directory,
    tools,
    proxy,
    start,
    newLog,
    edit,
    expectNoLoss,
    expectSettled: async (desired) => {
      expect(await settledRules(node, kind, desired)).toBe(desired);
      await expectNoLoss();
    },
    misbehave: async (misdeed) => {
      if (api === undefined) throw new Error('the daemon of this scene follows files');
      await api.misbehave(misdeed);
    },
    endTraffic,
    [Symbol.asyncDispose]: async () => {
      try {
        await endTraffic();
      } finally {
        await kept.disposeAsync();
      }
    },
  };
}
