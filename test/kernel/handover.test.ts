import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { BUNDLE } from '../cli/chainwright.ts';
import { kernelRules, output, type Namespace } from './namespace.ts';
import {
  capturedRules,
  counters,
  KUBE_PROXY,
  loadCaptured,
  startApiServer,
  startKubeProxy,
  writeConfig,
} from './traffic/kube-proxy.ts';
import { makeNetwork, startTraffic, type Network, type Traffic } from './traffic/network.ts';
import { otherObjects, STEADY_DESTINATIONS, steadyObjects } from './traffic/plan.ts';
import { desiredRules, settledRules, startChainwright, writeManifests } from './traffic/proxy.ts';

/* From kube-proxy to us and back, while a client makes connections to services that nobody changes. */

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
const OTHERS = 20;
/** What the counters of rules that were captured begin with. */
const MARK = 1_000;

interface Stage extends AsyncDisposable {
  readonly network: Network;
  readonly node: Namespace;
  readonly directory: string;
  /** Changes services that nobody asks, and gives back the rules that this makes. */
  readonly edit: (round: number) => Promise<string>;
}

async function makeStage(kind: BackendKind): Promise<Stage> {
  const resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-handover-'));
  resources.defer(() => rm(directory, { recursive: true }));
  const network = resources.use(await makeNetwork(kind));
  const edit = async (round: number): Promise<string> => {
    await writeManifests(directory, [...steadyObjects(), ...otherObjects(OTHERS, round)]);
    return await desiredRules(join(directory, 'cluster.json'));
  };
  await edit(1);
  return {
    network,
    node: network.node,
    directory,
    edit,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** No connection failed, none was cut, and no packet met no rule. */
async function expectNoLoss(traffic: readonly Traffic[], { strayPackets }: Network): Promise<void> {
  for (const each of traffic) {
    const { asked, answered, failures } = await each.finish();
    expect({ answered, failures }).toEqual({ answered: asked, failures: {} });
    expect(asked).toBeGreaterThan(50);
  }
  expect(await strayPackets()).toBe(0);
}

/** Rules that were written anew begin to count from nothing. */
function rewritten(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): readonly string[] {
  return [...before].filter(([rule, packets]) => (after.get(rule) ?? -1) < packets).map(([rule]) => rule);
}

/**
 * Where the kernel has nfacct, kube-proxy counts the packets that KUBE-FORWARD drops for its metrics. Nobody
 * reads that counter any more: the chain is written anew without it.
 */
function isNotCountedByThem(rule: string): boolean {
  return !rule.startsWith('filter -A KUBE-FORWARD ');
}

async function cleanUp(node: Namespace): Promise<void> {
  const [file, ...via] = node.via;
  await execa(file, [...via, process.execPath, BUNDLE, 'run', '--cleanup']);
}

async function expectNothingLeft(node: Namespace, network: Network): Promise<void> {
  for (const family of ['iptables', 'ip6tables']) {
    for (const kind of BACKENDS) expect(await output(node, `${family}-${kind}-save`)).not.toContain('KUBE-');
  }
  const door = STEADY_DESTINATIONS.filter(({ name }) => name === 'door node port tcp');
  const asking = await network.startAsking(door);
  await expect.poll(async () => Object.keys((await asking.tally()).failures)).not.toEqual([]);
  const { answered, failures } = await asking.finish();
  expect(answered).toBe(0);
  expect(Object.keys(failures)).toEqual([expect.stringContaining('ECONNREFUSED')]);
  expect(await network.strayPackets()).toBeGreaterThan(0);
}

for (const kind of BACKENDS) {
  describe(`over the rules that kube-proxy left, ${kind}`, () => {
    it('starts without a lost connection or a rule written, goes back likewise, and removes everything when it is told to', async () => {
      await using stage = await makeStage(kind);
      const { network, node, directory, edit } = stage;
      await loadCaptured(node, kind, MARK);
      const traffic = await startTraffic(network);

      const before = await counters(node, kind);
      expect(Math.min(...before.values())).toBeGreaterThanOrEqual(MARK);
      const ours = startChainwright(node, ['--source', `dir:${directory}`]);
      await expect.poll(ours.log, { timeout: 10_000 }).toContain('rules are current family=ipv4');
      expect(await kernelRules(node, kind, 'ipv4')).toBe(await capturedRules());
      expect(rewritten(before, await counters(node, kind))).toEqual([]);

      // It is the one in charge now, and steady services' rules still are not touched.
      const desired = await edit(2);
      expect(await settledRules(node, kind, desired)).toBe(desired);
      const steady = (rules: readonly string[]) =>
        rules.filter((rule) => /web\/(one|three|door|sticky)\b/.test(rule));
      const chainsOfSteady = (rules: readonly string[]) =>
        steady(rules).filter((rule) => !/^nat -A KUBE-(SERVICES|NODEPORTS) /.test(rule));
      expect(chainsOfSteady([...before.keys()]).length).toBeGreaterThan(20);
      expect(chainsOfSteady(rewritten(before, await counters(node, kind)))).toEqual([]);

      expect(await ours.stop()).toBe(0);
      await loadCaptured(node, kind, MARK);
      await expectNoLoss(traffic, network);

      await cleanUp(node);
      await expectNothingLeft(node, network);
    });
  });

  describe.skipIf((KUBE_PROXY ?? '') === '')(`beside a real kube-proxy, ${kind}`, () => {
    it('takes over without a lost connection or a rule written, and hands back likewise', async () => {
      await using stage = await makeStage(kind);
      const { network, node, directory, edit } = stage;
      await using resources = new AsyncDisposableStack();
      resources.use(await startApiServer(node, directory));
      const config = await writeConfig(directory);
      const startTheirs = async () => {
        const proxy = await startKubeProxy(node, kind, KUBE_PROXY ?? '', config);
        resources.defer(() => proxy.kill('everything'));
        return proxy;
      };
      const theirs = await startTheirs();
      const captured = await capturedRules();
      expect(await settledRules(node, kind, captured)).toBe(captured);
      const traffic = await startTraffic(network);
      await expect.poll(async () => (await traffic[0]?.tally())?.answered).toBeGreaterThan(100);

      // Ours starts while theirs is still there.
      const before = await counters(node, kind);
      expect(Math.max(...before.values())).toBeGreaterThan(10);
      const ours = startChainwright(node, ['--config', config]);
      resources.defer(() => ours.kill('everything'));
      await expect.poll(ours.log, { timeout: 10_000 }).toContain('rules are current family=ipv4');
      expect(await kernelRules(node, kind, 'ipv4')).toBe(captured);
      expect(rewritten(before, await counters(node, kind)).filter(isNotCountedByThem)).toEqual([]);
      await theirs.stop();
      const second = await edit(2);
      expect(await settledRules(node, kind, second)).toBe(second);

      // And back, with both there for a while again.
      const back = await startTheirs();
      await expect
        .poll(back.log, { timeout: 10_000 })
        .toContain('"Caches are synced" controller="endpoint slice config"');
      expect(await ours.stop()).toBe(0);
      const third = await edit(3);
      expect(await settledRules(node, kind, third)).toBe(third);
      await back.stop();
      await expectNoLoss(traffic, network);

      await cleanUp(node);
      await expectNothingLeft(node, network);
    });
  });
}

if ((KUBE_PROXY ?? '') === '') {
  process.stderr.write(
    'SKIPPED: the handover from and to a real kube-proxy; KUBE_PROXY names no binary of one\n',
  );
}
