import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { chainwright } from '../cli/chainwright.ts';
import { kernelRules, makeNamespace, output, type Namespace } from './namespace.ts';
import { startApiServer } from './traffic/kube-proxy.ts';
import type { Manifest } from './traffic/plan.ts';
import { RULE_FLAGS, startChainwright, writeManifests } from './traffic/proxy.ts';

/*
 * What no API server should let in, and some have: the daemon follows it over a real connection, and the kernel
 * ends up with the rules of all that makes sense.
 */

const NODE_ADDRESS = '203.0.113.2';
const NAMESPACE = 'absurd';

function service(name: string, clusterIP: string, spec: object = {}): Manifest {
  const ports = [{ name: 'web', port: 80, protocol: 'TCP' }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ports, ...spec },
  };
}

function slice(
  serviceName: string,
  name: string,
  addresses: readonly unknown[],
  fields: object = {},
): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ...fields,
  };
}

/** As many as a Service never has; the rest is as well tried with fewer. */
const portsOf = (count: number): readonly object[] =>
  Array.from({ length: count }, (_, index) => ({ name: `p${index}`, port: index + 1, protocol: 'TCP' }));

/** 100,000 endpoints that are 50 over and over. */
const CROWD = Array.from({ length: 100_000 }, (_, index) => `10.244.7.${index % 50}`);

/** Odd, but the API server lets it in and kube-proxy serves it: so do we. */
const SERVED: readonly Manifest[] = [
  service('ordinary', '10.96.0.10'),
  slice('ordinary', 'ordinary-1', ['10.244.0.5', '10.244.0.6']),
  service('crowd', '10.96.0.11'),
  slice('crowd', 'crowd-1', CROWD),
  service('loopback', '10.96.0.12'),
  slice('loopback', 'loopback-1', [
    '127.0.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
  ]),
  service('claims-the-node', '10.96.0.13', { externalIPs: [NODE_ADDRESS, '127.0.0.1', '169.254.1.1'] }),
  slice('claims-the-node', 'claims-the-node-1', [NODE_ADDRESS]),
  service('is-the-node', NODE_ADDRESS),
  slice('is-the-node', 'is-the-node-1', ['10.244.0.5']),
  // Two services of one address, and an address that is an endpoint as well.
  service('twin', '10.96.0.10', { ports: [{ name: 'web', port: 81, protocol: 'TCP' }] }),
  slice('twin', 'twin-1', ['10.96.0.10', '10.96.0.12']),
  service('is-an-endpoint', '10.244.0.5'),
];

/** What is told and left out, and what is left of it. */
const REFUSED: readonly { readonly sent: Manifest; readonly left?: Manifest; readonly told: string }[] = [
  {
    sent: slice('ordinary', 'wrong-family', ['fd00::1', '10.244.0.7']),
    left: slice('ordinary', 'wrong-family', ['10.244.0.7']),
    told: 'EndpointSlice absurd/wrong-family: endpoints[0].addresses[0]',
  },
  {
    sent: slice('ordinary', 'no-type', ['10.244.0.8'], { addressType: 'Carrier pigeon' }),
    told: 'EndpointSlice absurd/no-type: addressType',
  },
  {
    sent: service('no-address', '10.96.0.15" -j ACCEPT'),
    told: 'Service absurd/no-address: spec.clusterIP',
  },
  {
    sent: service('bad-port', '10.96.0.16', {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 70_000 },
      ],
    }),
    left: service('bad-port', '10.96.0.16', { ports: [{ name: 'a', port: 80 }] }),
    told: 'Service absurd/bad-port: spec.ports[1].port',
  },
  { sent: service('line\nCOMMIT', '10.96.0.17'), told: 'Service absurd/line\\nCOMMIT: metadata.name' },
];

const LAYOUT = ['--layout', 'indexed'];

/** The rules that the manifests make by themselves. */
async function rendered(file: string): Promise<string> {
  const { exitCode, stdout, stderr } = await chainwright([
    'render',
    '-f',
    file,
    '--family',
    'ipv4',
    ...RULE_FLAGS,
    ...LAYOUT,
  ]);
  expect(exitCode, stderr).toBe(0);
  return canonicalRules(stdout);
}

async function makeNode(): Promise<Namespace> {
  const node = await makeNamespace();
  await output(node, 'ip', 'link', 'set', 'lo', 'up');
  await output(node, 'ip', 'address', 'add', `${NODE_ADDRESS}/32`, 'dev', 'lo');
  return node;
}

const NODE: Manifest = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-a' },
  status: { addresses: [{ type: 'InternalIP', address: NODE_ADDRESS }] },
};

/** A service without endpoints in place of the API server, which nobody who is new can reach from then on. */
function claimOf(kubeconfig: string): Manifest {
  const [, port] = /"server":"https:\/\/127\.0\.0\.1:(\d+)"/.exec(kubeconfig) ?? [];
  const ports = [{ name: 'web', port: Number(port), protocol: 'TCP' }];
  return service('claims-the-api', '10.96.0.14', { externalIPs: ['127.0.0.1'], ports });
}

it.each([
  ['nft', 10_000],
  ['legacy', 100],
] as const)(
  'absurd objects from the API leave the kernel with what makes sense, %s, a service of %i ports',
  async (kind, portCount) => {
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'chainwright-absurd-'));
    resources.defer(() => rm(directory, { recursive: true }));
    const left = join(directory, 'left');
    await mkdir(left);
    const node = resources.use(await makeNode());
    const manyPorts = service('many-ports', '10.96.0.18', { ports: portsOf(portCount) });
    /** Tells the API server, and gives back the rules of what makes sense. */
    const send = async (...others: readonly Manifest[]): Promise<string> => {
      const more = [manyPorts, ...others];
      await writeManifests(left, [NODE, ...SERVED, ...REFUSED.flatMap((each) => each.left ?? []), ...more]);
      await writeManifests(directory, [NODE, ...SERVED, ...REFUSED.map(({ sent }) => sent), ...more]);
      return await rendered(join(left, 'cluster.json'));
    };
    const expectKernel = (rules: string) =>
      expect.poll(() => kernelRules(node, kind, 'ipv4'), { timeout: 30_000, interval: 500 }).toBe(rules);

    // Which store is used is told by what it holds.
    await output(node, `iptables-${kind}`, '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
    const first = await send();
    expect(first).toContain('10.96.0.16');
    resources.use(await startApiServer(node, directory));
    const kubeconfig = join(directory, 'kubeconfig');
    const proxy = startChainwright(node, ['--kubeconfig', kubeconfig, ...LAYOUT]);
    resources.defer(() => proxy.kill('everything'));
    await expectKernel(first);
    for (const { told } of REFUSED) expect(proxy.log()).toContain(told);
    // Each problem is one line, and no line begins with what an object says.
    const torn = proxy
      .log()
      .split('\n')
      .filter((line) => line !== '' && !/^\d{4}-/.test(line));
    expect(torn).toEqual([]);

    // What is connected stays connected, and hears of what comes after.
    const claim = claimOf(await readFile(kubeconfig, 'utf8'));
    await expectKernel(await send(claim));
    const [{ port }] = (claim.spec as { ports: [{ port: number }] }).ports;
    await expect(output(node, 'curl', '-sk', `https://127.0.0.1:${port}/`)).rejects.toThrow('exit code 7');
    await expectKernel(await send(claim, service('later', '10.96.0.99')));
    expect(await proxy.stop()).toBe(0);
  },
  120_000,
);
