import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { endpointChainName, serviceChainName } from '../../src/chains/names.ts';
import { diffReportSchema } from '../../src/diff/schema.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { chainwright, type Ended } from '../cli/chainwright.ts';
import { OLDER_SERVICES, olderDump, olderManifests } from '../support/older-proxies.ts';
import { POD_CIDR, type Form } from '../support/older-proxy-rules.ts';
import { feed, makeNode, output, type Namespace } from './namespace.ts';

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
const FLAGS = ['--hostname-override', 'node-a', '--cluster-cidr', POD_CIDR, '--family', 'ipv4'];
const SAME: Ended = { exitCode: 0, stdout: 'No difference.', stderr: '' };

let directory: string;
let manifests: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-diff-kernel-'));
  manifests = join(directory, 'cluster.json');
  await writeFile(manifests, olderManifests());
});
afterAll(() => rm(directory, { recursive: true }));

/** The node of the manifests, with rules in its kernel. */
async function programmedNode(kind: BackendKind, rules: string): Promise<Namespace> {
  const node = await makeNode('192.168.77.10/24');
  await feed(node, rules, backendOf(kind, 'ipv4').restore[0], '--noflush');
  return node;
}

async function diff(node: Namespace, from: string, to: string, ...args: readonly string[]): Promise<Ended> {
  return chainwright(['diff', '--from', from, '--to', to, ...FLAGS, ...args], '', directory, node.via);
}

const SHOP_OUTER = serviceChainName('EXT', 'default/shop', 'tcp');
const SHOP_POD = endpointChainName('default/shop', 'tcp', '10.244.1.5:8080');

interface ByHand {
  /** Arguments of iptables. */
  readonly args: readonly string[];
  readonly says: readonly string[];
}

const BY_HAND: readonly ByHand[] = [
  {
    args: ['-t', 'nat', '-D', SHOP_OUTER, '1'],
    says: [
      'default/shop',
      '  NodePort 30080/TCP: no longer masquerades: client addresses become visible',
      '  NodePort 30080/TCP: pods of this node: no longer masquerades: their addresses become visible',
      '  NodePort 30080/TCP: the node itself: no longer masquerades: their addresses become visible',
      '1 service differs: 1 changed.',
    ],
  },
  {
    args: ['-t', 'nat', '-F', SHOP_POD],
    says: [
      'default/shop',
      '  cluster IP 10.96.0.10:80/TCP, NodePort 30080/TCP: 3 -> 2 endpoints, 1/3 -> 1/2 each',
      '      - 10.244.1.5:8080',
      '1 service differs: 1 changed.',
    ],
  },
  {
    args: ['-t', 'nat', '-D', 'KUBE-NODEPORTS', '4'],
    says: ['default/shy', '  NodePort 30081/TCP: removed (1 endpoint, all)', '1 service differs: 1 changed.'],
  },
  {
    args: ['-t', 'nat', '-I', 'KUBE-SERVICES', '-d', '10.96.0.10', '-j', 'RETURN'],
    says: [
      'default/shop',
      '  cluster IP 10.96.0.10:80/TCP: now left alone: no rule takes it',
      '1 service differs: 1 changed.',
    ],
  },
  // What others do with packets of services is no part of a service's meaning.
  { args: ['-A', 'FORWARD', '-d', '10.244.1.5', '-j', 'DROP'], says: ['No difference.'] },
];

describe.each(BACKENDS)('diff with the kernel, %s', (kind) => {
  let node: Namespace;
  let rules: string;
  beforeAll(async () => {
    node = await programmedNode(kind, '');
    ({ stdout: rules } = await chainwright(['render', '-f', manifests, ...FLAGS]));
  });
  afterAll(() => node[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const table of ['filter', 'nat']) {
      for (const act of ['-F', '-X']) await output(node, iptables(kind), '-t', table, act);
    }
    await feed(node, `${rules}\n`, backendOf(kind, 'ipv4').restore[0], '--noflush');
  });

  it('finds no difference from what it was made of, either way round', async () => {
    expect(await diff(node, manifests, 'kernel')).toEqual(SAME);
    expect(await diff(node, 'kernel', manifests)).toEqual(SAME);
    expect(await diff(node, manifests, 'kernel', '--layout', 'indexed')).toEqual(SAME);
  });

  it.each(BY_HAND.map(({ args, says }) => ({ command: args.join(' '), args, says })))(
    'tells what somebody did: iptables $command',
    async ({ args, says }) => {
      await output(node, iptables(kind), ...args);
      const { exitCode, stdout, stderr } = await diff(node, manifests, 'kernel');
      expect({ exitCode, stderr }).toEqual({ exitCode: says.length > 1 ? 1 : 0, stderr: '' });
      expect(stdout.split('\n')).toEqual(says);
    },
  );

  it('prints the rules that differ, and JSON of the published shape', async () => {
    await output(node, iptables(kind), '-t', 'nat', '-F', SHOP_POD);
    const { exitCode, stdout } = await diff(node, manifests, 'kernel', '--rules', '--output', 'json');
    const report = z.parse(diffReportSchema, JSON.parse(stdout));
    expect([exitCode, report.same, report.to]).toEqual([1, false, `the kernel (${kind})`]);
    const [changed] = report.rules ?? [];
    expect(changed?.diff).toContain(`\n-${translation}\n`);
  });
});

const translation = `-A ${SHOP_POD} -p tcp -m comment --comment "default/shop" -m tcp -j DNAT --to-destination 10.244.1.5:8080`;

function iptables(kind: BackendKind): string {
  return backendOf(kind, 'ipv4').list[0];
}

/** Before source ranges were guarded in the filter table, only what was for the node itself was dropped. */
const GUARDED: readonly Form[] = ['1.27'];
const UNGUARDED = [
  'default/gate',
  '  load balancer 198.51.100.50:80/TCP: pods of this node: now left alone: no rule takes it',
  '  load balancer 198.51.100.50:80/TCP: who is in no source range: now left alone: no rule takes it',
  '1 service differs: 1 changed.',
];

describe.each<[Form, BackendKind]>([
  ['1.17', 'legacy'],
  ['1.18', 'legacy'],
  ['1.23', 'nft'],
  ['1.25', 'legacy'],
  ['1.27', 'nft'],
])('rules of a kube-proxy like that of %s, in %s', (form, kind) => {
  const expected = GUARDED.includes(form) ? ['No difference.'] : UNGUARDED;

  it('mean what the manifests mean, as a dump and in the kernel', async () => {
    const dump = join(directory, `${form}.rules`);
    await writeFile(dump, olderDump(form));
    const ofDump = await chainwright(['diff', '--from', manifests, '--to', `rules:${dump}`, ...FLAGS]);
    expect(ofDump.stdout.split('\n')).toEqual(expected);
    await using node = await programmedNode(kind, olderDump(form));
    const ofKernel = await diff(node, manifests, 'kernel');
    expect(ofKernel.stdout.split('\n')).toEqual(expected);
    expect(await diff(node, `rules:${dump}`, 'kernel')).toEqual(SAME);
  });

  it('tell what has changed since', async () => {
    const changed = OLDER_SERVICES.filter(({ name }) => name !== 'gate').map((service) =>
      service.name === 'shy' ? { ...service, policy: 'Cluster' as const } : service,
    );
    const [older, newer] = [join(directory, 'older.rules'), join(directory, 'newer.json')];
    await writeFile(
      older,
      olderDump(
        form,
        OLDER_SERVICES.filter(({ name }) => name !== 'gate'),
      ),
    );
    await writeFile(newer, olderManifests(changed));
    const { exitCode, stdout } = await chainwright([
      'diff',
      '--from',
      `rules:${older}`,
      '--to',
      newer,
      ...FLAGS,
    ]);
    expect(exitCode).toBe(1);
    expect(stdout.split('\n')).toEqual([
      'default/shy',
      '  NodePort 30081/TCP: 1 -> 2 endpoints, all -> 1/2 each',
      '      + 10.244.2.7:8080',
      "  NodePort 30081/TCP: masquerades now: endpoints see the node's address instead of the client's",
      "  NodePort 30081/TCP: pods of this node: masquerades now: endpoints see the node's address instead of the asker's",
      '  NodePort 30081/TCP: external traffic policy Cluster: every node answers',
      '1 service differs: 1 changed.',
    ]);
  });
});
