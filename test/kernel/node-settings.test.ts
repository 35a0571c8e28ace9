import { describe, expect, it } from 'vitest';
import { execa } from 'execa';
import { BUNDLE } from '../cli/chainwright.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';

/** What an expression over the modules of src/node is worth inside of a namespace. */
async function evaluate(namespace: Namespace, module: string, expression: string): Promise<unknown> {
  const url = new URL(`../../src/node/${module}.ts`, import.meta.url).href;
  const program = `import * as it from '${url}'; console.log(JSON.stringify(await (${expression})));`;
  return JSON.parse(
    await output(namespace, process.execPath, '--input-type=module-typescript', '-e', program),
  );
}

const LEAVE =
  'maxPerCore: 0, min: 0, tcpBeLiberal: false, tcpEstablishedTimeout: 0, tcpCloseWaitTimeout: 0, udpTimeout: 0, udpStreamTimeout: 0';
const NETFILTER = '/proc/sys/net/netfilter/nf_conntrack_';

describe('the kernel’s settings in a network namespace', () => {
  it('are set where they belong to it', async () => {
    await using namespace = await makeNamespace();
    const settings = `{ ${LEAVE}, tcpBeLiberal: true, tcpEstablishedTimeout: 86400000, udpTimeout: 31000 }`;
    expect(await evaluate(namespace, 'sysctls', `it.applyConntrackSysctls(${settings}, 2)`)).toMatchObject([
      { kind: 'changed', before: 432000, value: 86400 },
      { kind: 'changed', before: 0, value: 1 },
      { kind: 'changed', before: 30, value: 31 },
    ]);
    expect(await output(namespace, 'cat', `${NETFILTER}udp_timeout`)).toBe('31');
    expect(await evaluate(namespace, 'host', 'it.isConntrackLiberal()')).toBe(true);
    expect(await evaluate(namespace, 'sysctls', 'it.allowLocalhostNodePorts()')).toMatchObject({
      kind: 'changed',
      before: 0,
    });
    expect(await output(namespace, 'cat', '/proc/sys/net/ipv4/conf/all/route_localnet')).toBe('1');
  });

  it('are refused where they belong to the host', async () => {
    await using namespace = await makeNamespace();
    const settings = `{ ${LEAVE}, maxPerCore: 1000003 }`;
    expect(await evaluate(namespace, 'sysctls', `it.applyConntrackSysctls(${settings}, 1)`)).toMatchObject([
      { kind: 'refused', reason: 'notPermitted', path: `${NETFILTER}max`, value: 1000003 },
    ]);
    const hashSize = '{ path: "/sys/module/nf_conntrack/parameters/hashsize", value: 300007 }';
    expect(await evaluate(namespace, 'kernel-setting', `it.ensureSetting("/", ${hashSize})`)).toMatchObject({
      kind: 'refused',
      reason: 'notPermitted',
    });
  });

  it('are refused where /proc/sys is read-only', async () => {
    await using namespace = await makeNamespace();
    await output(namespace, 'mount', '--bind', '-o', 'ro', '/proc/sys', '/proc/sys');
    await output(namespace, 'mount', '-o', 'remount,bind,ro', '/proc/sys');
    expect(
      await evaluate(namespace, 'sysctls', `it.applyConntrackSysctls({ ${LEAVE}, udpTimeout: 31000 }, 1)`),
    ).toMatchObject([
      {
        kind: 'refused',
        reason: 'readOnly',
        before: 30,
        message: `${NETFILTER}udp_timeout: expected to set 31 (now 30), got a read-only file system`,
      },
    ]);
  });

  it('are left alone where there is no iptables', async () => {
    await using namespace = await makeNamespace();
    const [enter, ...into] = namespace.via;
    const daemon = [process.execPath, BUNDLE, 'run', '--source', 'dir:/nowhere', '--hostname-override', 'a'];
    const result = await execa(enter, [...into, 'env', 'PATH=/nowhere', ...daemon], { reject: false });
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(/^error: .*iptables.* not installed/m);
    expect(await output(namespace, 'cat', '/proc/sys/net/ipv4/conf/all/route_localnet')).toBe('0');
  });

  it('say whether IPv6 is on', async () => {
    await using namespace = await makeNamespace();
    expect(await evaluate(namespace, 'host', 'it.isIPv6Enabled()')).toBe(true);
    await output(namespace, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6');
    expect(await evaluate(namespace, 'host', 'it.isIPv6Enabled()')).toBe(false);
  });
});

describe('the OOM score', () => {
  it('of this process is set', async () => {
    await using namespace = await makeNamespace();
    const both = '[await it.applyOomScoreAdj(555), await it.applyOomScoreAdj(555)]';
    expect(await evaluate(namespace, 'oom', both)).toMatchObject([
      { kind: 'changed', value: 555 },
      { kind: 'unchanged' },
    ]);
  });
});

describe('sockets of the host', () => {
  /** Listens on 30080 to 30085 in its own way, says so, and stays until its input ends. */
  const SERVER = `
    const net = require('node:net'), dgram = require('node:dgram');
    const ready = [
      (done) => net.createServer().listen(30080, '0.0.0.0', done),
      (done) => net.createServer().listen(30081, '::', done),
      (done) => net.createServer().listen({ port: 30082, host: '::', ipv6Only: true }, done),
      (done) => net.createServer().listen(30083, '127.0.0.1', done),
      (done) => dgram.createSocket('udp4').bind(30084, done),
      (done) => { const s = dgram.createSocket('udp4'); s.bind(30085, () => s.connect(9, '127.0.0.1', done)); },
    ];
    let left = ready.length;
    ready.forEach((listen) => listen(() => { if (--left === 0) console.log('ready'); }));
    process.stdin.resume().on('end', () => process.exit());`;

  it('that listen are found with their process; those that are connected, and our own, are not', async () => {
    await using namespace = await makeNamespace();
    await output(namespace, 'ip', 'link', 'set', 'lo', 'up');
    const [file, ...via] = namespace.via;
    const server = execa(file, [...via, process.execPath, '-e', SERVER], {
      stdin: 'pipe',
      stderr: 'inherit',
      buffer: false,
    });
    try {
      await new Promise((resolve) => server.stdout.once('data', resolve));
      const own = `(await import('node:net')).createServer().listen(30086)`;
      const ports = '[30080, 30081, 30082, 30083, 30084, 30085, 30086]';
      const found = await evaluate(
        namespace,
        'listeners',
        `(async () => { const own = ${own}; const all = await it.listeners(new Set(${ports})); own.close(); return all; })()`,
      );
      // nsenter becomes the program that it starts.
      const owner = { pid: server.pid, command: expect.stringMatching(/./) as string };
      expect(found).toEqual([
        { protocol: 'tcp', address: '0.0.0.0', port: 30080, owner },
        { protocol: 'tcp', address: '::', port: 30081, owner },
        { protocol: 'tcp', address: '::', port: 30082, owner },
        { protocol: 'tcp', address: '127.0.0.1', port: 30083, owner },
        { protocol: 'udp', address: '0.0.0.0', port: 30084, owner },
      ]);
    } finally {
      server.stdin.end();
      await server;
    }
  });
});
