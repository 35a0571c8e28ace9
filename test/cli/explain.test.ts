import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { explainReportSchema } from '../../src/explain/schema.ts';
import { FakeServer } from '../api/fake-server.ts';
import { writeKubeconfig } from '../api/following.ts';
import { node, service, slice } from '../api/objects.ts';
import { casesIn, ROOT, RULE_BOOK } from '../support/cases.ts';
import { chainwright } from './chainwright.ts';

const FOLDER = 'rules/nodeport/external-policy-local';
const MANIFESTS = ['-f', `${FOLDER}/cluster.yaml`, '--config', `${FOLDER}/config.yaml`];
const RULES = `${FOLDER}/expected.v4.rules`;
const EMPTY = 'rules/nodeport/no-endpoints';
const TO = ['--to', '192.168.77.10:31100'];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-explain-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe('chainwright explain', () => {
  it.each(['classic', 'indexed'])('tells every way into a service, %s layout', async (layout) => {
    const { exitCode, stdout, stderr } = await chainwright([
      'explain',
      'default/local',
      ...MANIFESTS,
      '--layout',
      layout,
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => !line.startsWith(' '))).toEqual([
      expect.stringMatching(
        /^tcp from a pod \(10\.244\.\d+\.\d+\) to 10\.96\.11\.4:80, cluster IP of default\/local$/,
      ),
      '',
      'tcp from outside (198.51.100.77) to 192.168.77.10:31100, node port of default/local',
    ]);
    expect(stdout.match(/^ {2}gets through$/gm)).toHaveLength(2);
    expect(stdout).not.toContain('\u001b');
  });

  it('names the cause, and what mends it', async () => {
    const manifests = ['-f', `${EMPTY}/cluster.yaml`, '--config', `${EMPTY}/config.yaml`];
    const { exitCode, stdout } = await chainwright(['explain', 'empty', ...manifests, '--from', 'outside']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /\n {2}does not get through: refused\n {2}cause: no EndpointSlice .*\n {4}remedy: /,
    );
  });

  it('prints JSON of the published shape', async () => {
    const { stdout } = await chainwright(['explain', ...TO, ...MANIFESTS, '--output', 'json']);
    const report = z.parse(explainReportSchema, JSON.parse(stdout));
    expect(report).toMatchObject({
      node: 'node-a',
      rulesOf: 'auto layout',
      question: '192.168.77.10:31100',
    });
    expect(report.ways).toMatchObject([
      {
        service: 'default/local',
        entry: 'nodePort',
        verdict: 'through',
        branches: [
          { share: 1, outcome: 'endpoint', address: '10.244.1.5', node: 'node-a', masqueraded: false },
        ],
        findings: [{ kind: 'note', code: 'sourceKept' }],
      },
    ]);
  });

  it('its JSON is of that shape for every service of the rule book', async () => {
    for (const name of [
      'loadbalancer/shared-vip',
      'clusterip/dual-stack',
      'clusterip/hundred-endpoints-two-slices',
    ]) {
      const folder = casesIn(RULE_BOOK).find((each) => each.name === name);
      const text = await readFile(join(folder?.directory ?? '', 'cluster.yaml'), 'utf8');
      const names = [...text.matchAll(/kind: Service\nmetadata:\n(?: {2}.*\n)*? {2}name: (\S+)/g)].map(
        ([, each = '']) => each,
      );
      const files = [
        '-f',
        join(folder?.directory ?? '', 'cluster.yaml'),
        '--config',
        join(folder?.directory ?? '', 'config.yaml'),
      ];
      for (const each of names) {
        const { stdout } = await chainwright(['explain', each, ...files, '--output', 'json']);
        expect(z.safeParse(explainReportSchema, JSON.parse(stdout)).success, `${name} ${each}`).toBe(true);
      }
    }
  });

  it('chooses the node that has the address asked for', async () => {
    const nodes = ['node-a', 'node-b'].map((name, index) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { addresses: [{ type: 'InternalIP', address: `192.168.77.1${index}` }] },
    }));
    const path = join(directory, 'nodes.json');
    const clusterIP = '10.96.0.10';
    const ports = [{ port: 80, nodePort: 30080 }];
    const web = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { type: 'NodePort', clusterIP, ports },
    };
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...nodes, web] }));
    const { exitCode, stdout } = await chainwright([
      'explain',
      '--to',
      '192.168.77.11:30080',
      '-f',
      path,
      '--output',
      'json',
    ]);
    expect([exitCode, (JSON.parse(stdout) as { node: string }).node]).toEqual([1, 'node-b']);
  });

  it.each([
    [['explain', ...MANIFESTS], 'explain: expected a service or --to ADDRESS:PORT, got neither'],
    [['explain', 'x', ...TO, ...MANIFESTS], 'explain: expected a service or --to ADDRESS:PORT, got both'],
    [
      ['explain', '--to', '192.0.2.1', ...MANIFESTS],
      '--to: expected an address and port such as 192.0.2.10:30080 or [2001:db8::10]:30080, got "192.0.2.1"',
    ],
    [
      ['explain', ...TO, '--from', 'somebody', ...MANIFESTS],
      '--from: expected outside, node, pod, an address, or NAMESPACE/ADDRESS of a pod, got "somebody"',
    ],
    [
      ['explain', ...TO, '--from', '::1', ...MANIFESTS],
      '--from: expected an address of the family of 192.168.77.10, got "::1"',
    ],
    [
      ['explain', ...TO, '-f', '-', '--rules', '-'],
      '-f -, --rules -: expected one of the two on standard input, got both',
    ],
    [['explain', ...TO, '--rules', '/nowhere'], '/nowhere: no such file or directory'],
  ])('%j ends with exit code 2', async (args, message) => {
    const { exitCode, stdout, stderr } = await chainwright(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`error: ${message}`);
  });
});

describe('chainwright explain --rules', () => {
  const ask = async (text: string, ...args: readonly string[]) => {
    const { exitCode, stdout } = await chainwright(
      ['explain', '--rules', '-', '--output', 'json', ...args],
      text,
    );
    return { exitCode, report: z.parse(explainReportSchema, JSON.parse(stdout)) };
  };

  it('explains a dump by itself', async () => {
    const { exitCode, report } = await ask(await readFile(join(ROOT, RULES), 'utf8'), 'default/local');
    expect(exitCode).toBe(0);
    expect(report.ways.map(({ entry, verdict, from }) => [entry, verdict, from.who])).toEqual([
      ['clusterIP', 'through', 'pod'],
      ['nodePort', 'through', 'outside'],
    ]);
  });

  it('finds in a dump what has gone stale', async () => {
    const dump = await readFile(join(ROOT, RULES), 'utf8');
    const stale = dump.replaceAll('10.244.1.5', '10.244.1.99');
    const { exitCode, report } = await ask(stale, ...TO, ...MANIFESTS);
    expect(exitCode).toBe(1);
    expect(report.ways[0]?.findings[0]).toMatchObject({ kind: 'cause', code: 'staleEndpoint' });
  });

  it('regards the rules and policies of other programs', async () => {
    const dump = await readFile(join(ROOT, RULES), 'utf8');
    const strict = dump.replace('*filter\n', '*filter\n:FORWARD DROP [0:0]\n');
    expect(strict).not.toBe(dump);
    const { exitCode, report } = await ask(strict, ...TO, ...MANIFESTS);
    expect(exitCode).toBe(1);
    expect(report.ways[0]?.findings.map(({ code }) => code)).toEqual(['policy']);
  });

  it('takes dumps of both families in one', async () => {
    const [v4, v6] = await Promise.all(
      ['v4', 'v6'].map((family) =>
        readFile(join(ROOT, `rules/nodeport/dual-stack/expected.${family}.rules`), 'utf8'),
      ),
    );
    const { report } = await ask(`${v4 ?? ''}\n${v6 ?? ''}`, '--to', '[fd00:77::10]:31400');
    expect(report.ways).toHaveLength(1);
  });
});

describe('chainwright explain from a pod', () => {
  it('asks from beside the endpoints of the node, where nobody says which networks pods have', async () => {
    const example = ['-f', 'manifests/examples/webapp1-nodeport.yaml', '--hostname-override', 'node-a'];
    const first = async (...flags: readonly string[]) =>
      (await chainwright(['explain', 'webapp1-nodeport-svc', ...example, ...flags])).stdout.split('\n')[0];
    const to = 'to 10.103.188.73:80, cluster IP of default/webapp1-nodeport-svc';
    expect(await first()).toBe(`tcp from a pod (10.32.0.77) ${to}`);
    expect(await first('--cluster-cidr', '10.40.0.0/13')).toBe(`tcp from a pod (10.40.0.77) ${to}`);
  });
});

describe('chainwright explain of a cluster', () => {
  it('asks the API server', async () => {
    const server = await FakeServer.start();
    try {
      const spec = {
        type: 'NodePort',
        ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }],
      };
      server.apply('services', service('web', spec));
      server.apply('endpointslices', slice('web', ['10.244.1.5', '10.244.1.6']));
      server.apply('nodes', node('node-a'));
      const kubeconfig = writeKubeconfig(server, {});
      const args = ['explain', 'shop/web', '--hostname-override', 'node-a', '-o', 'json'];
      const asked = [
        await chainwright([...args, '--kubeconfig', kubeconfig]),
        await chainwright(args, '', ROOT, ['env', `KUBECONFIG=${kubeconfig}`]),
      ];
      for (const { exitCode, stdout, stderr } of asked) {
        expect(exitCode, stderr).toBe(0);
        const report = z.parse(explainReportSchema, JSON.parse(stdout));
        expect(report).toMatchObject({ node: 'node-a', verdict: 'through' });
      }
    } finally {
      await server.stop();
    }
  });
});
