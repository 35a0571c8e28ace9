import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { explainReportSchema, type ExplainReport } from '../../src/explain/schema.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { BUNDLE } from '../cli/chainwright.ts';
import { ROOT } from '../support/cases.ts';
import { feed, makeNode, output, type Namespace } from './namespace.ts';

const FOLDER = join(ROOT, 'rules/nodeport/external-policy-local');
const MANIFESTS = ['-f', join(FOLDER, 'cluster.yaml'), '--config', join(FOLDER, 'config.yaml')];
const TO = ['--to', '192.168.77.10:31100'];

/** The node of the case, with its rules in the kernel. */
async function programmedNode(kind: BackendKind): Promise<Namespace> {
  const node = await makeNode('192.168.77.10/24');
  const rules = await readFile(join(FOLDER, 'expected.v4.rules'), 'utf8');
  await feed(node, rules, backendOf(kind, 'ipv4').restore[0]);
  return node;
}

async function explain(node: Namespace, ...args: readonly string[]): Promise<ExplainReport> {
  const [file, ...rest] = [
    ...node.via,
    process.execPath,
    BUNDLE,
    'explain',
    '--live',
    '--output',
    'json',
    ...args,
  ];
  const { stdout, stderr } = await execa(file, rest, { reject: false });
  expect(stderr).toBe('');
  return z.parse(explainReportSchema, JSON.parse(stdout));
}

function codesOf({ ways }: ExplainReport): readonly string[] {
  return ways.flatMap(({ findings }) => findings.map(({ kind, code }) => `${kind} ${code}`));
}

describe.each<BackendKind>(['nft', 'legacy'])('chainwright explain --live on %s', (kind) => {
  const iptables = backendOf(kind, 'ipv4').list[0];

  it("explains the kernel's rules, with a cluster and without", async () => {
    await using node = await programmedNode(kind);
    for (const cluster of [[], MANIFESTS]) {
      const report = await explain(node, ...TO, ...cluster);
      expect(report).toMatchObject({ verdict: 'through', rulesOf: `the kernel (${kind})` });
      expect(codesOf(report)).toEqual(['note sourceKept']);
    }
  });

  it("names another program's rule that drops, and a policy", async () => {
    await using node = await programmedNode(kind);
    await output(
      node,
      iptables,
      '-t',
      'raw',
      '-A',
      'PREROUTING',
      '-p',
      'tcp',
      '--dport',
      '31100',
      '-j',
      'DROP',
    );
    const report = await explain(node, ...TO, ...MANIFESTS);
    expect(codesOf(report)).toEqual(['cause foreignRule']);
    expect(report.ways[0]?.findings[0]?.text).toContain('rule 1 of raw PREROUTING');
    await output(node, iptables, '-t', 'raw', '-F');
    await output(node, iptables, '-P', 'FORWARD', 'DROP');
    expect(codesOf(await explain(node, ...TO, ...MANIFESTS))).toEqual(['cause policy']);
  });

  it('finds rules that are missing', async () => {
    await using node = await programmedNode(kind);
    await output(node, iptables, '-t', 'nat', '-F', 'KUBE-NODEPORTS');
    expect(codesOf(await explain(node, ...TO, ...MANIFESTS))).toEqual(['cause rulesMissing']);
    await output(node, iptables, '-t', 'nat', '-F');
    await output(node, iptables, '-t', 'nat', '-X');
    expect(codesOf(await explain(node, ...TO, ...MANIFESTS))).toEqual(['cause proxyNotRunning']);
  });

  it('finds a process of the host on the node port', async () => {
    await using node = await programmedNode(kind);
    const [file, ...args] = node.via;
    const program = "require('net').createServer().listen(31100, '0.0.0.0', () => console.log('listening'))";
    const listener = execa(file, [...args, process.execPath, '-e', program], { reject: false });
    await new Promise((resolve) => listener.stdout.once('data', resolve));
    const report = await explain(node, ...TO, ...MANIFESTS);
    listener.kill();
    await listener;
    expect(codesOf(report)).toEqual(['note portTaken', 'note sourceKept']);
    expect(report.ways[0]?.findings[0]?.text).toContain(
      `(process ${listener.pid ?? 0}) listens on 0.0.0.0:31100`,
    );
  });

  it('finds rules in both stores', async () => {
    await using node = await programmedNode(kind);
    const other = kind === 'nft' ? 'legacy' : 'nft';
    const old = '*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -d 10.96.0.1/32 -j RETURN\nCOMMIT\n';
    await feed(node, old, backendOf(other, 'ipv4').restore[0]);
    const report = await explain(node, ...TO, ...MANIFESTS);
    expect(codesOf(report)).toEqual(['note backendMix', 'note sourceKept']);
    expect(report.rulesOf).toBe(`the kernel (${kind})`);
  });
});
