import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classicRuleset } from '../../src/chains/ruleset.ts';
import { readManifests } from '../../src/cluster/manifests.ts';
import { readConfig } from '../../src/config/load.ts';
import { applyRuleset } from '../../src/iptables/applier.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { nodeView } from '../../src/routing/node-view.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import { BUNDLE } from '../cli/chainwright.ts';
import { CAPTURE_HOST } from '../support/cases.ts';
import { feed, makeNode, output, type Namespace } from './namespace.ts';

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
const NODE = '192.168.77.10';

const service = (name: string, nodePort: number, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: {
    type: 'NodePort',
    clusterIP: `10.96.0.${nodePort % 250}`,
    ports: [{ port: 80, nodePort }],
    ...spec,
  },
});
const slice = (name: string, ...endpoints: readonly (readonly [address: string, nodeName: string])[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: endpoints.map(([address, nodeName]) => ({ addresses: [address], nodeName })),
  ports: [{ port: 80 }],
});

const MANIFEST = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    service('webapp1-nodeport-svc', 30080),
    slice('webapp1-nodeport-svc', ['10.32.0.3', 'node-a'], ['10.32.0.5', 'node-b']),
    service('elsewhere', 30081, { externalTrafficPolicy: 'Local' }),
    slice('elsewhere', ['10.32.0.7', 'node-b']),
    service('empty', 30082),
  ],
});

let directory: string;
let manifest: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-test-'));
  manifest = join(directory, 'cluster.json');
  await writeFile(manifest, MANIFEST);
});
afterAll(() => rm(directory, { recursive: true }));

/** A node with an address, on which nothing answers. */
async function quietNode(): Promise<Namespace> {
  const node = await makeNode(`${NODE}/24`);
  await output(node, 'ip', 'route', 'add', 'default', 'dev', 'eth0');
  return node;
}

/** The command on the node, as root unless another command is put before it. */
async function ports(node: Namespace, args: readonly string[] = [], prefix: readonly string[] = []) {
  const [file, ...via] = node.via;
  const command = [BUNDLE, 'ports', '-f', manifest, '--live', '--hostname-override', 'node-a', ...args];
  const { exitCode, stdout, stderr } = await execa(file, [...via, ...prefix, process.execPath, ...command], {
    reject: false,
    env: { NO_COLOR: '1' },
  });
  return { exitCode, stdout, stderr, row: (port: number) => rowOf(stdout, port) };
}

/** Its cells; those of a table are two spaces apart. */
function rowOf(table: string, port: number): readonly string[] {
  return (table.split('\n').find((line) => line.startsWith(`${port}/`)) ?? '').split(/ {2,}/);
}

/** Programs as they stand in the table: Node's own threads have other names. */
async function listenOn(node: Namespace, at: string, port: number, name: string) {
  const program = `process.title = ${JSON.stringify(name)};
    require('net').createServer().listen(${port}, ${JSON.stringify(at)}, () => console.log(process.pid));`;
  const [file, ...via] = node.via;
  const child = execa(file, [...via, process.execPath, '-e', program], { reject: false });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    pid: Number(said.toString()),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await child;
    },
  };
}

/** A connection of the node to itself: it meets the rules, whatever becomes of it. */
async function knock(node: Namespace, port: number): Promise<void> {
  const program = `const socket = require('net').connect(${port}, '${NODE}');
    socket.on('error', () => undefined); setTimeout(() => process.exit(), 100);`;
  await output(node, process.execPath, '-e', program);
}

async function program(node: Namespace, kind: BackendKind): Promise<void> {
  const { cluster } = readManifests([{ name: manifest, text: MANIFEST }]);
  const { settings } = readConfig({ flags: {} });
  const identity = { name: 'node-a', node: undefined };
  for (const family of ['ipv4', 'ipv6'] as const) {
    const view = nodeView(family, settings, identity, CAPTURE_HOST);
    await applyRuleset(classicRuleset(clusterRoutes(cluster, view), view), backendOf(kind, family, node.via));
  }
}

describe('chainwright ports on a node', () => {
  it.each(BACKENDS)('counts what met the rules, %s', async (kind) => {
    await using node = await quietNode();
    await program(node, kind);
    for (const port of [30080, 30080, 30081, 30082, 30082, 30082]) await knock(node, port);
    const { exitCode, stdout, stderr, row } = await ports(node);
    expect(exitCode, stderr).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(
      /^NODE PORT +SERVICE +POLICY +LOCAL +TOTAL +PACKETS +FAMILIES +LISTENER +NOTES$/,
    );
    expect(row(30080)).toEqual([
      '30080/tcp',
      'default/webapp1-nodeport-svc',
      'Cluster',
      '1',
      '2',
      '2',
      'ipv4',
      '-',
    ]);
    expect(row(30081).slice(0, 6)).toEqual(['30081/tcp', 'default/elsewhere', 'Local', '0', '1', '1']);
    // The node itself is sent to another node's endpoint; nothing was dropped.
    expect(row(30081).at(-1)).toBe('dropped: no endpoint on this node (0 so far)');
    const [, , , local, total, packets] = row(30082);
    // A refused connection is tried once.
    expect({ local, total, packets }).toEqual({ local: '0', total: '0', packets: '3' });
    expect(row(30082).at(-1)).toBe('refused: no endpoints');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('3 node ports on node-a: 1 refused, 1 dropped.');
    const { backend } = JSON.parse((await ports(node, ['--output', 'json'])).stdout) as { backend: string };
    expect(backend).toBe(kind);
  });

  it('knows the rules of an old kube-proxy again', async () => {
    await using node = await quietNode();
    const of = '-p tcp -m comment --comment "default/webapp1-nodeport-svc:" -m tcp --dport 30080';
    const rules = [
      '*nat',
      ':KUBE-MARK-MASQ - [0:0]',
      ':KUBE-NODEPORTS - [0:0]',
      ':KUBE-SEP-YLXG4RMKAICGY2B3 - [0:0]',
      ':KUBE-SVC-J2DWGRZTH4C2LPA4 - [0:0]',
      `-A KUBE-NODEPORTS ${of} -j KUBE-MARK-MASQ`,
      `-A KUBE-NODEPORTS ${of} -j KUBE-SVC-J2DWGRZTH4C2LPA4`,
      '-A KUBE-SVC-J2DWGRZTH4C2LPA4 -j KUBE-SEP-YLXG4RMKAICGY2B3',
      '-A KUBE-SEP-YLXG4RMKAICGY2B3 -p tcp -m tcp -j DNAT --to-destination 10.32.0.3:80',
      '-A OUTPUT -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
      'COMMIT',
      '',
    ];
    await feed(node, rules.join('\n'), 'iptables-legacy-restore');
    await knock(node, 30080);
    const { row, stderr } = await ports(node);
    expect(row(30080)).toEqual([
      '30080/tcp',
      'default/webapp1-nodeport-svc',
      'Cluster',
      '1',
      '2',
      '1',
      'ipv4',
      '-',
    ]);
    expect(row(30081).at(-1)).toContain('NO RULE in the kernel');
    expect(stderr).toContain('no service proxy has written ipv6 rules on this node');
  });

  it('finds who loses his traffic, and ends with exit code 1', async () => {
    await using node = await quietNode();
    await program(node, 'nft');
    await using victim = await listenOn(node, NODE, 30080, 'shopfront');
    const { exitCode, row, stdout } = await ports(node);
    expect(exitCode).toBe(1);
    expect(row(30080).at(-2)).toBe(`${victim.pid}/shopfront`);
    expect(row(30080).at(-1)).toBe(
      `TAKEN: the service gets what is meant for ${victim.pid}/shopfront on ${NODE}`,
    );
    expect(stdout).toContain('3 node ports on node-a: 1 taken, 1 refused, 1 dropped.');
  });

  it('is not alarmed by a socket where node ports do not answer', async () => {
    await using node = await quietNode();
    await program(node, 'nft');
    await using victim = await listenOn(node, NODE, 30080, 'shopfront');
    const { exitCode, row } = await ports(node, ['--nodeport-addresses', '127.0.0.0/8']);
    expect(exitCode).toBe(0);
    expect(row(30080).at(-1)).toBe(`${victim.pid}/shopfront`);
  });

  it('prints the sysctl line that keeps outgoing connections off node ports', async () => {
    await using node = await quietNode();
    await output(node, 'sysctl', '-w', 'net.ipv4.ip_local_port_range=30081 60999');
    const { stdout } = await ports(node);
    const line = stdout.trimEnd().split('\n').at(-1)?.trim() ?? '';
    expect(line).toBe('sysctl -w net.ipv4.ip_local_reserved_ports=30081-30082');
    await output(node, ...line.split(' '));
    expect((await ports(node)).stdout).not.toContain('sysctl');
  });

  it.each([
    ['without the rights to', ['setpriv', '--bounding-set=-all', '--inh-caps=-all'], /Permission denied/],
    ['without iptables to', ['env', 'PATH=/nonexistent'], /iptables --version: not installed/],
  ] as const)('%s read counters it tells the rest', async (_, prefix, reason) => {
    await using node = await quietNode();
    await program(node, 'nft');
    const { exitCode, stdout, stderr } = await ports(node, [], prefix);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^warning: rule counters are left out: /m);
    expect(stderr).toMatch(reason);
    expect(stdout).toMatch(/^NODE PORT +SERVICE +POLICY +LOCAL +TOTAL +FAMILIES +LISTENER +NOTES$/m);
    expect(stdout).toContain('30080/tcp  default/webapp1-nodeport-svc');
  });
});
