import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { output, type Namespace } from '../kernel/namespace.ts';
import { makeNetwork, type Traffic } from '../kernel/traffic/network.ts';
import {
  ADDRESSES,
  NODE_NAME,
  objectsOf,
  steadyObjects,
  type Destination,
  type Manifest,
  type ServicePlan,
} from '../kernel/traffic/plan.ts';
import { desiredRules, settledRules, startChainwright, writeManifests } from '../kernel/traffic/proxy.ts';
import { IS_LONG, PATIENCE } from './scene.ts';

/*
 * Pods are replaced one after the other, as a Deployment does it and as the API shows it: a new one becomes ready, an
 * old one ends but serves on, and is gone. A client asks all the while, by every way in, with both policies.
 */

const PROTOCOLS = ['tcp', 'udp'] as const;
const SERVICES = [
  { name: 'cluster', clusterIP: '10.96.2.1', nodePort: 30_100, podPort: 8001 },
  { name: 'local', clusterIP: '10.96.2.2', nodePort: 30_101, podPort: 8002 },
] as const;

const DESTINATIONS: readonly Destination[] = SERVICES.flatMap(({ name, clusterIP, nodePort, podPort }) =>
  PROTOCOLS.flatMap((protocol) => [
    {
      name: `${name} cluster IP ${protocol}`,
      protocol,
      address: clusterIP,
      port: 80,
      answer: String(podPort),
    },
    {
      name: `${name} node port ${protocol}`,
      protocol,
      address: ADDRESSES.node,
      port: nodePort,
      answer: String(podPort),
    },
  ]),
);

interface Pod {
  readonly address: string;
  /** One that ends serves at first, and is then drained: it says that it does not, and does for a moment. */
  readonly state: 'starting' | 'ready' | 'ending' | 'drained';
}

function conditionsOf(state: Pod['state']): object {
  return {
    ready: state === 'ready',
    serving: state === 'ready' || state === 'ending',
    terminating: state === 'ending' || state === 'drained',
  };
}

function manifests(pods: readonly Pod[]): readonly Manifest[] {
  const endpoints = pods.map(({ address, state }) => ({
    addresses: [address],
    nodeName: NODE_NAME,
    conditions: conditionsOf(state),
  }));
  const services = SERVICES.flatMap((service) => {
    const policy = service.name === 'local' ? 'Local' : 'Cluster';
    const spec = { externalTrafficPolicy: policy };
    const plan: ServicePlan = { ...service, protocols: PROTOCOLS, pods: [], spec };
    return objectsOf(plan).map((object) =>
      object.kind === 'EndpointSlice' ? { ...object, endpoints } : object,
    );
  });
  return [...steadyObjects().filter(({ kind }) => kind === 'Node'), ...services];
}

/** Questions that were asked before this have been answered. */
async function expectAnswers(asking: Traffic): Promise<void> {
  const before = (await asking.tally()).answered;
  const enough = before + 3 * DESTINATIONS.length;
  await expect.poll(async () => (await asking.tally()).answered, PATIENCE).toBeGreaterThan(enough);
  expect((await asking.tally()).failures).toEqual({});
}

/**
 * A datagram from a port that was used before goes where the one before went, for as long as the kernel remembers
 * that: no rule is asked.
 */
async function expectForgotten(node: Namespace, address: string): Promise<void> {
  const remembered = () => output(node, 'conntrack', '-L', '-p', 'udp', '--reply-src', address);
  await expect.poll(remembered, PATIENCE).toBe('');
}

it.each(['nft', 'legacy'] as const)(
  'a rolling update of a Deployment loses no request, %s',
  { timeout: 300_000 },
  async (kind: BackendKind) => {
    const directory = await mkdtemp(join(tmpdir(), 'chainwright-rolling-'));
    await using resources = new AsyncDisposableStack();
    resources.defer(() => rm(directory, { recursive: true }));
    const folder = join(directory, 'manifests');
    await mkdir(folder);
    const network = resources.use(await makeNetwork(kind));
    const { node, pods } = network;
    await output(node, `iptables-${kind}`, '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
    const proxy = startChainwright(node, ['--source', `dir:${folder}`]);
    resources.defer(() => proxy.kill('everything'));
    const show = async (...shown: readonly Pod[]): Promise<void> => {
      await writeManifests(folder, manifests(shown));
      const desired = await desiredRules(folder);
      expect(await settledRules(node, kind, desired)).toBe(desired);
    };

    const [first, second, third] = ADDRESSES.pods;
    await show({ address: first, state: 'ready' }, { address: second, state: 'ready' });
    await remove(pods, third);
    const asking = await network.startAsking(DESTINATIONS);
    await expectAnswers(asking);
    let running: readonly [string, string, string] = [first, second, third];
    for (let round = 0; round < (IS_LONG ? 30 : 1); round += 1) {
      const [old, other, fresh] = running;
      const rest: Pod = { address: other, state: 'ready' };
      await show({ address: old, state: 'ready' }, rest, { address: fresh, state: 'starting' });
      await add(pods, fresh);
      await show({ address: old, state: 'ready' }, rest, { address: fresh, state: 'ready' });
      await expectAnswers(asking);
      await show({ address: old, state: 'ending' }, rest, { address: fresh, state: 'ready' });
      await expectAnswers(asking);
      await show({ address: old, state: 'drained' }, rest, { address: fresh, state: 'ready' });
      await expectForgotten(node, old);
      await remove(pods, old);
      await expectAnswers(asking);
      await show(rest, { address: fresh, state: 'ready' });
      await expectAnswers(asking);
      running = [other, fresh, old];
    }
    // The last pods of all end, while no new one is ready: they serve until one is.
    const [old, other, fresh] = running;
    await show({ address: old, state: 'ending' }, { address: other, state: 'ending' });
    await expectAnswers(asking);
    await add(pods, fresh);
    await show({ address: old, state: 'ending' }, { address: fresh, state: 'ready' });
    await expectAnswers(asking);
    for (const address of [old, other]) {
      await show({ address, state: 'drained' }, { address: fresh, state: 'ready' });
      await expectForgotten(node, address);
    }
    await remove(pods, old);
    await show({ address: fresh, state: 'ready' });
    await expectAnswers(asking);
    expect(await network.strayPackets()).toBe(0);

    // Had a request been lost, it would have been counted.
    await remove(pods, fresh);
    const failed = async (): Promise<readonly string[]> => {
      const { failures } = await asking.tally();
      return DESTINATIONS.map(({ name }) => name).filter((name) =>
        Object.keys(failures).some((why) => why.startsWith(`${name}: `)),
      );
    };
    await expect.poll(failed, PATIENCE).toEqual(DESTINATIONS.map(({ name }) => name));
    expect(await proxy.stop(), proxy.log()).toBe(0);
  },
);

/** A pod that comes is heard from its address. */
async function add(pods: Namespace, address: string): Promise<void> {
  await output(pods, 'iptables-nft', '-D', 'INPUT', '-d', address, '-j', 'REJECT');
}

/** A pod that is gone leaves nobody at its address. */
async function remove(pods: Namespace, address: string): Promise<void> {
  await output(pods, 'iptables-nft', '-A', 'INPUT', '-d', address, '-j', 'REJECT');
}
