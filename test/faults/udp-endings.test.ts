import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES, joinHostPort, type Family } from '../../src/net/address.ts';
import { ADDRESSES, makePodNetwork, type Client, type PodNetwork } from '../kernel/conntrack-network.ts';
import { output } from '../kernel/namespace.ts';
import { KUBE_PROXY, startApiServer, startKubeProxy, writeConfig } from '../kernel/traffic/kube-proxy.ts';
import { NODE_NAME, type Manifest } from '../kernel/traffic/plan.ts';
import { HOST_FLAGS, startProxy, writeManifests, type Proxy } from '../kernel/traffic/proxy.ts';
import { BUNDLE } from '../cli/chainwright.ts';
import { PATIENCE } from './scene.ts';

/*
 * Clients that send datagram after datagram from one port each, while the pod ends that the kernel remembers for
 * them: by every way in, under both policies, in both families. With a kube-proxy the same comes out.
 */

interface Service {
  readonly name: string;
  readonly policy: 'Cluster' | 'Local';
  readonly clusterIPs: Readonly<Record<Family, string>>;
  readonly externalIPs: Readonly<Record<Family, string>>;
  readonly nodePort: number;
}

const SERVICES: readonly Service[] = [
  {
    name: 'everywhere',
    policy: 'Cluster',
    clusterIPs: { ipv4: '10.96.3.1', ipv6: 'fd00:96::3:1' },
    externalIPs: { ipv4: '198.51.100.1', ipv6: 'fd00:e::1' },
    nodePort: 30_110,
  },
  {
    name: 'here',
    policy: 'Local',
    clusterIPs: { ipv4: '10.96.3.2', ipv6: 'fd00:96::3:2' },
    externalIPs: { ipv4: '198.51.100.2', ipv6: 'fd00:e::2' },
    nodePort: 30_111,
  },
];

const WAYS = SERVICES.flatMap(({ name, clusterIPs, externalIPs, nodePort }) =>
  FAMILIES.flatMap((family) => [
    { name: `${name}, cluster IP, ${family}`, to: clusterIPs[family], port: 80 },
    { name: `${name}, external IP, ${family}`, to: externalIPs[family], port: 80 },
    { name: `${name}, node port, ${family}`, to: ADDRESSES[family].node, port: nodePort },
  ]),
);

/** Both are on the node. */
const PODS = { old: 'near', new: 'far' } as const;
type Pod = keyof typeof PODS;
const addressOf = (pod: Pod, family: Family) => ADDRESSES[family][PODS[pod]];

/** What the API says of a pod: a drained one ends and serves no more. */
type State = 'ready' | 'ending' | 'drained';
type Shown = Partial<Record<Pod, State>>;

const NODE: Manifest = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: NODE_NAME },
  spec: { podCIDRs: ['10.244.0.0/16', 'fd00:244::/64'] },
  status: {
    addresses: FAMILIES.map((family) => ({ type: 'InternalIP', address: ADDRESSES[family].node })),
  },
};

function manifests(shown: Shown): readonly Manifest[] {
  return [NODE, ...SERVICES.flatMap((service) => objectsOf(service, shown))];
}

function objectsOf(
  { name, policy, clusterIPs, externalIPs, nodePort }: Service,
  shown: Shown,
): readonly Manifest[] {
  const metadata = { name, namespace: 'web' };
  const spec = {
    type: 'NodePort',
    clusterIP: clusterIPs.ipv4,
    clusterIPs: Object.values(clusterIPs),
    externalIPs: Object.values(externalIPs),
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'RequireDualStack',
    sessionAffinity: 'None',
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
    ports: [{ name: 'udp', protocol: 'UDP', port: 80, targetPort: 8080, nodePort }],
  };
  const slices = FAMILIES.map((family) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...metadata,
      name: `${name}-${family}`,
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: family === 'ipv4' ? 'IPv4' : 'IPv6',
    endpoints: (Object.keys(shown) as Pod[]).map((pod) => ({
      addresses: [addressOf(pod, family)],
      nodeName: NODE_NAME,
      conditions: {
        ready: shown[pod] === 'ready',
        serving: shown[pod] !== 'drained',
        terminating: shown[pod] !== 'ready',
      },
    })),
    ports: [{ name: 'udp', protocol: 'UDP', port: 8080 }],
  }));
  return [{ apiVersion: 'v1', kind: 'Service', metadata, spec }, ...slices];
}

interface Scene extends AsyncDisposable {
  readonly network: PodNetwork;
  /** Tells the API, and waits until the rules lead to these pods and no others. */
  readonly show: (shown: Shown, ledTo: readonly Pod[]) => Promise<void>;
  /** Whoever asks from the port that it had hears this pod, by every way in. */
  readonly expectAnswers: (pod: Pod) => Promise<void>;
  /** How many connections the kernel leads to a pod, by what it remembers. */
  readonly remembered: (pod: Pod) => Promise<number>;
  readonly clients: readonly Client[];
}

type Start = (node: PodNetwork['node'], config: string) => Promise<Proxy>;

async function makeScene(start: Start): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-udp-'));
  resources.defer(() => rm(directory, { recursive: true }));
  await writeManifests(directory, manifests({}));
  const network = resources.use(await makePodNetwork(FAMILIES));
  const { node } = network;
  await output(node, 'iptables-nft', '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
  resources.use(await startApiServer(node, directory));
  const config = await writeConfig(directory, '10.244.0.0/16,fd00:244::/64');
  const proxy = await start(node, config);
  resources.defer(() => proxy.kill('everything'));
  const clients = await Promise.all(WAYS.map(({ to, port }) => network.client('udp', to, port)));

  const ledTo = async (): Promise<ReadonlySet<string>> => {
    const texts = await Promise.all(
      ['iptables-nft-save', 'ip6tables-nft-save'].map((save) => output(node, save, '-t', 'nat')),
    );
    return new Set(Array.from(texts.join('\n').matchAll(/--to-destination (\S+)/g), ([, to = '']) => to));
  };
  const kept = resources.move();
  return {
    network,
    clients,
    show: async (shown, pods) => {
      await writeManifests(directory, manifests(shown));
      const all = pods.flatMap((pod) => FAMILIES.map((family) => joinHostPort(addressOf(pod, family), 8080)));
      await expect.poll(ledTo, PATIENCE).toEqual(new Set(all));
    },
    expectAnswers: async (pod) => {
      const answers = async () => (await askAll(clients)).map((answer) => answer.split(' ')[0]);
      await expect.poll(answers, PATIENCE).toEqual(WAYS.map(() => pod));
    },
    remembered: async (pod) => {
      const lists = await Promise.all(
        FAMILIES.map((family) =>
          output(node, 'conntrack', '-L', '-f', family, '-p', 'udp', '--reply-src', addressOf(pod, family)),
        ),
      );
      return lists.join('\n').match(/^ipv[46]|^udp/gm)?.length ?? 0;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function askAll(clients: readonly Client[]): Promise<readonly string[]> {
  return Promise.all(clients.map(({ ask }) => ask()));
}

const PROXIES: readonly (readonly [name: string, start: Start])[] = [
  [
    'chainwright',
    (node, config) =>
      Promise.resolve(startProxy(node, [process.execPath, BUNDLE, 'run', '--config', config, ...HOST_FLAGS])),
  ],
  ['kube-proxy', (node, config) => startKubeProxy(node, 'nft', KUBE_PROXY ?? '', config)],
];
const HERE = PROXIES.filter(([name]) => name === 'chainwright' || (KUBE_PROXY ?? '') !== '');

describe.each(HERE)('clients that keep their port, %s', (_, start) => {
  let scene: Scene;
  let old: Awaited<ReturnType<PodNetwork['serve']>>[] = [];
  const serve = (pod: Pod) =>
    Promise.all(FAMILIES.map((family) => scene.network.serve('udp', addressOf(pod, family), pod)));
  beforeAll(async () => {
    scene = await makeScene(start);
    old = await serve('old');
    await serve('new');
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  /** All clients have asked the old pod, and a new one has come. */
  async function begin(): Promise<void> {
    await scene.show({ old: 'ready' }, ['old']);
    await scene.expectAnswers('old');
    await scene.show({ old: 'ready', new: 'ready' }, ['old', 'new']);
    await scene.expectAnswers('old');
  }

  it.each([
    ['has left its slices', {}],
    ['serves no more', { old: 'drained' }],
  ] as const)('come to another pod as soon as the API says that theirs %s', async (_title, rest: Shown) => {
    await begin();
    await scene.show({ ...rest, new: 'ready' }, ['new']);
    // The old pod would answer still.
    await expect.poll(() => scene.remembered('old'), PATIENCE).toBe(0);
    await scene.expectAnswers('new');
  });

  it('stay with a pod that ends for as long as the API says that it serves', async () => {
    await begin();
    await scene.show({ old: 'ending', new: 'ready' }, ['new']);
    await scene.expectAnswers('old');
  });

  it('stay with the last pod until another one serves', async () => {
    await begin();
    await scene.show({ old: 'ready' }, ['old']);
    await scene.show({}, []);
    await scene.expectAnswers('old');
    await scene.show({ new: 'ready' }, ['new']);
    await expect.poll(() => scene.remembered('old'), PATIENCE).toBe(0);
    await scene.expectAnswers('new');
  });

  it('lose what they send to a pod that is gone while the API says that it ends and serves; others do not', async () => {
    await begin();
    await scene.show({ old: 'ending', new: 'ready' }, ['new']);
    await scene.expectAnswers('old');
    await Promise.all(old.map(({ end }) => end()));
    expect(await askAll(scene.clients)).toEqual(WAYS.map(() => 'no answer'));
    expect(await scene.remembered('old')).toBeGreaterThanOrEqual(WAYS.length);
    // A client of a port that was not used before.
    const fresh = await Promise.all(WAYS.map(({ to, port }) => scene.network.client('udp', to, port)));
    const answers = async () => (await askAll(fresh)).map((answer) => answer.split(' ')[0]);
    await expect.poll(answers, PATIENCE).toEqual(WAYS.map(() => 'new'));
    await scene.show({ new: 'ready' }, ['new']);
    await expect.poll(() => scene.remembered('old'), PATIENCE).toBe(0);
    await scene.expectAnswers('new');
    old = await serve('old');
  });
});

if (HERE.length < PROXIES.length) {
  process.stderr.write(
    'SKIPPED: clients that keep their port, kube-proxy; KUBE_PROXY names no binary of one\n',
  );
}
