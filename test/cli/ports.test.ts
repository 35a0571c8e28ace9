import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { portsReportSchema } from '../../src/ports/schema.ts';
import { FakeServer } from '../api/fake-server.ts';
import { writeKubeconfig } from '../api/following.ts';
import { labelled, node, service, slice } from '../api/objects.ts';
import { ROOT } from '../support/cases.ts';
import { BUNDLE, chainwright } from './chainwright.ts';

const LOCAL_POLICY = ['ports', '-f', 'manifests/examples/local-policy.yaml'];
const NODE_PORT = { type: 'NodePort', ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }] };

/** A server that knows one service of two endpoints on node-a. */
async function startServer(): Promise<FakeServer & AsyncDisposable> {
  const server = await FakeServer.start();
  server.apply('services', service('web', NODE_PORT));
  server.apply('endpointslices', slice('web', ['10.244.1.5', '10.244.1.6']));
  server.apply('nodes', node('node-a'));
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}

function portsOf(server: FakeServer, user: object = {}, ...args: readonly string[]) {
  const kubeconfig = writeKubeconfig(server, { ...user });
  return chainwright(['ports', '--kubeconfig', kubeconfig, '--hostname-override', 'node-a', ...args]);
}

describe('chainwright ports on manifests', () => {
  it('prints a table, and looks at no machine', async () => {
    const { exitCode, stdout, stderr } = await chainwright(LOCAL_POLICY);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'NODE PORT  SERVICE            POLICY  LOCAL  TOTAL  FAMILIES  NOTES',
      '30090/tcp  default/shop       Local   1      2      ipv4',
      '30091/tcp  default/elsewhere  Local   0      1      ipv4      dropped: no endpoint on this node',
      '',
      '2 node ports on node-a: 1 dropped.',
    ]);
  });

  it('prints JSON of the published shape', async () => {
    const { stdout } = await chainwright([...LOCAL_POLICY, '--output', 'json']);
    const report = z.parse(portsReportSchema, JSON.parse(stdout));
    expect(report).toMatchObject({ node: 'node-a', live: false, backend: null, ephemeral: null });
    expect(report.ports.map(({ port, listeners }) => [port, listeners])).toEqual([
      [30090, null],
      [30091, null],
    ]);
  });

  it('looks at one family where asked', async () => {
    const { stdout } = await chainwright([...LOCAL_POLICY, '--family', 'ipv6']);
    expect(stdout).toBe('No service has a node port.');
  });

  it('ends quietly when its reader goes away', async () => {
    const { exitCode, stderr } = await execa('head', ['-n', '1'], {
      stdin: execa(process.execPath, [BUNDLE, ...LOCAL_POLICY], { cwd: ROOT }).stdout,
      reject: false,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it.each([
    [['-f', '/nowhere.yaml'], '/nowhere.yaml: no such file or directory'],
    [['--source', 'file:x'], '--source: expected api or dir:PATH, got "file:x"'],
    [['--source', 'dir:/nowhere'], '/nowhere: no such file or directory'],
    [['--kubeconfig', '/nowhere'], '/nowhere: no such file or directory'],
  ])('%j ends with exit code 2, since 1 is for what was found', async (args, message) => {
    const { exitCode, stdout, stderr } = await chainwright(['ports', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`error: ${message}`);
  });

  it('looks where kubectl would', async () => {
    const asked = async (...env: readonly string[]) =>
      (await chainwright(['ports'], '', ROOT, ['env', '-u', 'KUBERNETES_SERVICE_HOST', ...env])).stderr;
    const unread = 'error: /nowhere/a: no such file or directory';
    expect(await asked('KUBECONFIG=:/nowhere/a:/nowhere/b')).toBe(unread);
    expect(await asked('KUBECONFIG=/nowhere/a', 'KUBERNETES_SERVICE_HOST=192.0.2.1')).toBe(unread);
    const home = await mkdtemp(join(tmpdir(), 'chainwright-test-'));
    const missing = /^error: --kubeconfig: expected a kubeconfig/;
    try {
      expect(await asked('-u', 'KUBECONFIG', `HOME=${home}`)).toMatch(missing);
      await mkdir(join(home, '.kube'));
      await writeFile(join(home, '.kube/config'), '');
      expect(await asked('-u', 'KUBECONFIG', `HOME=${home}`)).toMatch(
        /\.kube\/config: expected a kubeconfig, got/,
      );
      const inPod = await asked('-u', 'KUBECONFIG', `HOME=${home}`, 'KUBERNETES_SERVICE_HOST=192.0.2.1');
      expect(inPod).toMatch(missing);
    } finally {
      await rm(home, { recursive: true });
    }
  });

  it('takes either manifests or a source', async () => {
    const { stderr } = await chainwright([...LOCAL_POLICY, '--source', 'api']);
    expect(stderr).toContain("option '--source <source>' cannot be used with option '-f, --filename <path>'");
  });
});

describe('chainwright ports on a directory', () => {
  it('reads it once, as run would', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'chainwright-test-'));
    try {
      const object = { apiVersion: 'v1', kind: 'Service', ...labelled(service('web', NODE_PORT), {}) };
      await writeFile(join(directory, 'web.json'), JSON.stringify(object));
      const { exitCode, stdout, stderr } = await chainwright([
        ...['ports', '--source', `dir:${directory}`, '--hostname-override', 'node-a', '--output', 'json'],
      ]);
      expect(exitCode, stderr).toBe(0);
      const report = z.parse(portsReportSchema, JSON.parse(stdout));
      expect(report).toMatchObject({ node: 'node-a', live: true, ports: [{ port: 30080, listeners: [] }] });
      expect(stderr).toContain('Node node-a is not in the cluster: its zone and addresses are unknown');
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('chainwright ports on a cluster', () => {
  it('lists once, and ends', async () => {
    await using server = await startServer();
    const { exitCode, stdout, stderr } = await portsOf(server, {}, '--output', 'json');
    expect(exitCode, stderr).toBe(0);
    const report = z.parse(portsReportSchema, JSON.parse(stdout));
    expect(report).toMatchObject({ node: 'node-a', live: true });
    expect(report.ports).toMatchObject([
      {
        port: 30080,
        service: 'shop/web:http',
        families: [{ family: 'ipv4', fate: 'forwarded', endpoints: { local: 2, total: 2 } }],
      },
    ]);
  });

  it('gets over a fault or two', async () => {
    await using server = await startServer();
    server.faults.push({ on: 'any', resource: 'services', times: 2, misdeed: { do: 'reset' } });
    const { exitCode, stdout, stderr } = await portsOf(server);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('30080/tcp  shop/web:http');
    expect(stderr).toMatch(/^warning: https:\S+: .*; trying again$/m);
  });

  it.each([
    [
      'may not list',
      { code: 403, reason: 'Forbidden', message: 'services is forbidden' },
      /^error: https:\S+ does not tell its services: 403 Forbidden services is forbidden$/m,
    ],
    [
      'has the wrong token',
      { code: 401, reason: 'Unauthorized', message: 'Unauthorized' },
      /^error: https:\S+ does not tell its services: 401 Unauthorized Unauthorized$/m,
    ],
  ])('gives up where it %s', async (_, status, message) => {
    await using server = await startServer();
    server.faults.push({ on: 'any', resource: 'services', times: 9, misdeed: { do: 'answer', status } });
    const { exitCode, stdout, stderr } = await portsOf(server);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('gives up where nobody answers', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    taken.close();
    await using server = await startServer();
    const kubeconfig = writeKubeconfig(server);
    const started = performance.now();
    const { exitCode, stderr } = await chainwright([
      ...['ports', '--kubeconfig', kubeconfig, '--master', `https://127.0.0.1:${port}`],
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: https:\S+ does not tell its \w+: .*ECONNREFUSED/m);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
