import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { statusReportSchema, type StatusReport } from '../../src/status/schema.ts';
import { HEALTHY, ILL } from '../support/status-reports.ts';
import { BUNDLE, chainwright } from '../cli/chainwright.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';
import { HOST_FLAGS, startProxy } from './traffic/proxy.ts';

/* The command, asking a real daemon in a node of its own. */

const PATIENCE = { timeout: 30_000, interval: 200 };

function service(name: string, last: number, nodePort: number): object {
  const spec = { type: 'NodePort', clusterIP: `10.96.0.${last}`, ports: [{ port: 80, nodePort }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'web' }, spec };
}

/** Refuses what names web/cursed, as the kernel does with rules that it does not take; all else is written. */
const REFUSING_RESTORE = `#!/bin/bash
input=$(mktemp)
cat > "$input"
line=$(grep -n -m 1 web/cursed "$input" | cut -d : -f 1)
if [ -n "$line" ]; then
  rm "$input"
  echo "iptables-nft-restore: line $line failed: a rule of web/cursed" >&2
  exit 2
fi
PATH=\${PATH#*:} iptables-nft-restore "$@" < "$input"
code=$?
rm "$input"
exit $code
`;

function slice(name: string): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'web', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP', name: '' }],
    endpoints: [{ addresses: ['10.244.1.5'], nodeName: 'node-a', conditions: { ready: true } }],
  };
}

async function makeScene(resources: AsyncDisposableStack) {
  const node = resources.use(await makeNamespace());
  await output(node, 'ip', 'link', 'set', 'lo', 'up');
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-status-'));
  resources.defer(() => rm(directory, { recursive: true }));
  const tools = await mkdtemp(join(tmpdir(), 'chainwright-tools-'));
  resources.defer(() => rm(tools, { recursive: true }));
  const write = (...items: readonly object[]): Promise<void> =>
    writeFile(join(directory, 'all.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const status = (...args: readonly string[]) => chainwright(['status', ...args], '', '/', node.via);
  const report = async (): Promise<StatusReport | undefined> => {
    const { stdout } = await status('--output', 'json');
    return stdout === '' ? undefined : statusReportSchema.parse(JSON.parse(stdout));
  };
  const start = () => {
    const source = ['--source', `dir:${directory}`, '--hostname-override', 'node-a'];
    const command = [process.execPath, BUNDLE, 'run', ...source, ...HOST_FLAGS];
    const proxy = startProxy(node, [...command, '--iptables-min-sync-period=100ms'], tools);
    resources.defer(() => proxy.kill('everything'));
    return proxy;
  };
  return { node, tools, write, status, report, start };
}

async function listenOn(node: Namespace, port: number, resources: AsyncDisposableStack): Promise<void> {
  const program = `require('net').createServer().listen(${port}, '0.0.0.0', () => console.log('ready'))`;
  const [file, ...via] = node.via;
  const child = execa(file, [...via, process.execPath, '-e', program], { reject: false });
  resources.defer(async () => {
    child.kill('SIGKILL');
    await child;
  });
  await once(child.stdout, 'data');
}

describe('chainwright status', () => {
  it('tells of a daemon that is well, then of one service after the other that is not', async () => {
    await using resources = new AsyncDisposableStack();
    const { node, write, status, report, start } = await makeScene(resources);
    const shop = [service('shop', 1, 30_080), slice('shop')];
    await write(...shop);
    expect(await status()).toMatchObject({ exitCode: 2, stdout: '' });
    const proxy = start();
    await expect.poll(async () => (await report())?.verdict, PATIENCE).toBe('healthy');
    const healthy = await status();
    expect(healthy).toMatchObject({ exitCode: 0, stderr: '' });
    expect(healthy.stdout).toMatch(/^chainwright \S+ on node-a: healthy, up /);
    expect(healthy.stdout).toMatch(/\nipv4 {4}nft {6}classic {2}1 {9}1 {6}1 {10}\d+ {5}in sync\n/);

    const empty = service('empty', 2, 30_081);
    await write(...shop, empty);
    const trouble = (code: string) => async () => {
      const found = (await report())?.troubles.find((each) => each.code === code);
      return found && `${found.service} ${found.severity}`;
    };
    await expect.poll(trouble('noSlices'), PATIENCE).toBe('web/empty trouble');
    const ill = await status();
    expect(ill.exitCode).toBe(1);
    expect(ill.stdout).toContain('trouble: web/empty, ipv4: no EndpointSlice is labelled');

    await listenOn(node, 30_082, resources);
    await write(...shop, service('taken', 3, 30_082), slice('taken'));
    await expect.poll(trouble('portTaken'), PATIENCE).toBe('web/taken trouble');
    expect(await trouble('noSlices')()).toBeUndefined();

    await write(...shop);
    await expect.poll(async () => (await report())?.verdict, PATIENCE).toBe('healthy');
    expect(await proxy.stop(), proxy.log()).toBe(0);
  });

  it('tells of a service that the kernel refuses, and of files that cannot be read', async () => {
    await using resources = new AsyncDisposableStack();
    const { write, report, start, tools } = await makeScene(resources);
    const shop = [service('shop', 1, 30_080), slice('shop')];
    await write(...shop);
    await writeFile(join(tools, 'iptables-nft-restore'), REFUSING_RESTORE, { mode: 0o755 });
    const proxy = start();
    await expect.poll(async () => (await report())?.verdict, PATIENCE).toBe('healthy');
    await write(...shop, service('cursed', 9, 30_090), slice('cursed'));
    await expect
      .poll(async () => (await report())?.troubles.map(({ service: name, code }) => [name, code]), PATIENCE)
      .toEqual([['web/cursed', 'refusedByKernel']]);
    expect((await report())?.troubles[0]?.text).toContain('failed: a rule of web/cursed');
    await write({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'BAD' } });
    await expect.poll(async () => (await report())?.source.state, PATIENCE).toBe('reconnecting');
    expect((await report())?.source.faults[0]?.error).toContain('all.json');
    expect(await proxy.stop(), proxy.log()).toBe(0);
  });

  it('looks on until SIGINT, one block after the other, and waits for a daemon that is away', async () => {
    await using resources = new AsyncDisposableStack();
    const server = createServer((_, answer) => void answer.end(JSON.stringify(ILL)));
    const port = await listen(server, resources);
    const args = ['status', '--watch=0.1', '--address', `127.0.0.1:${port}`];
    const child = execa(process.execPath, [BUNDLE, ...args], { reject: false, buffer: false });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const heads = () => text.match(/^chainwright 1\.2\.3 on node-a: trouble/gm)?.length ?? 0;
    await expect.poll(heads, PATIENCE).toBeGreaterThan(1);
    server.closeAllConnections();
    server.close();
    await expect.poll(() => text, PATIENCE).toContain(`nobody listens on 127.0.0.1:${port}`);
    expect(text).not.toContain('\u001b');
    child.kill('SIGINT');
    expect((await child).exitCode).toBe(0);
  });
});

describe('who cannot be asked', () => {
  it.each([
    ['another program', 404, 'no such page', 'another program'],
    ['one that speaks no JSON', 200, 'ok', 'something else than JSON'],
    ['a daemon of another shape', 200, '{"version":"9"}', 'of another version'],
  ])('is %s: it ends with 2 and says so', async (_, code, body, words) => {
    await using resources = new AsyncDisposableStack();
    const server = createServer((__, answer) => void answer.writeHead(code).end(body));
    const port = await listen(server, resources);
    const { exitCode, stdout, stderr } = await chainwright(['status', '--address', `127.0.0.1:${port}`]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(words);
  });

  it('is nobody at a wrong address, and what is no address', async () => {
    const nobody = await chainwright(['status', '--metrics-bind-address', '127.0.0.1:1']);
    expect(nobody.exitCode).toBe(2);
    expect(nobody.stderr).toContain('nobody listens on 127.0.0.1:1: see that chainwright run is running');
    const wrong = await chainwright(['status', '--address', 'here']);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('expected ADDRESS:PORT, such as 127.0.0.1:10249, got "here"');
  });

  it('is asked, where a later release tells more than is known here', async () => {
    await using resources = new AsyncDisposableStack();
    const later = { ...HEALTHY, later: true };
    const port = await listen(
      createServer((_, answer) => void answer.end(JSON.stringify(later))),
      resources,
    );
    const { exitCode, stdout } = await chainwright(['status', '--address', `127.0.0.1:${port}`]);
    expect({ exitCode, head: stdout.split('\n')[0] }).toEqual({
      exitCode: 0,
      head: 'chainwright 1.2.3 on node-a: healthy, up 3 d 4 h',
    });
  });
});

async function listen(server: Server, resources: AsyncDisposableStack): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(async () => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}
