import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BUNDLE } from '../cli/chainwright.ts';
import { ROOT } from '../support/cases.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';

/* The daemon as a user runs it: the bundle, a directory of manifests, a node of its own. */

interface Scene extends AsyncDisposable {
  readonly namespace: Namespace;
  readonly directory: string;
  readonly nat: () => Promise<string>;
  readonly http: (url: string) => Promise<{ status: number; body: string }>;
  readonly start: (...flags: readonly string[]) => Running;
}

interface Running {
  readonly log: () => string;
  readonly stop: (
    signal: 'SIGTERM' | 'SIGKILL',
  ) => Promise<{ exitCode: number | undefined; seconds: number }>;
}

/** Settings of connection tracking belong to the host of the test. */
const LEAVE_HOST = [
  '--conntrack-max-per-core=0',
  '--conntrack-tcp-timeout-established=0',
  '--conntrack-tcp-timeout-close-wait=0',
  '--oom-score-adj=0',
];

async function makeScene(): Promise<Scene> {
  const namespace = await makeNamespace();
  await output(namespace, 'ip', 'link', 'set', 'lo', 'up');
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-daemon-'));
  await cp(join(ROOT, 'manifests/examples/webapp1-nodeport.yaml'), join(directory, 'webapp1.yaml'));
  const running: Running[] = [];
  const start = (...flags: readonly string[]): Running => {
    const [file, ...args] = namespace.via;
    const source = [
      '--source',
      `dir:${directory}`,
      '--hostname-override',
      'node-a',
      '--cluster-cidr',
      '10.32.0.0/12',
    ];
    const child = execa(
      file,
      [
        ...args,
        process.execPath,
        BUNDLE,
        'run',
        ...source,
        ...LEAVE_HOST,
        '--iptables-min-sync-period=100ms',
        ...flags,
      ],
      { reject: false, stdout: 'ignore' },
    );
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const each: Running = {
      log: () => log,
      stop: async (signal) => {
        const begin = performance.now();
        child.kill(signal);
        const { exitCode } = await child;
        return { exitCode, seconds: (performance.now() - begin) / 1000 };
      },
    };
    running.push(each);
    return each;
  };
  return {
    namespace,
    directory,
    start,
    nat: () => output(namespace, 'iptables-nft-save', '-t', 'nat'),
    http: async (url) => {
      const text = await output(namespace, 'curl', '--silent', '--write-out', '\n%{http_code}', url);
      const end = text.lastIndexOf('\n');
      return { status: Number(text.slice(end + 1)), body: text.slice(0, end) };
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of running) await each.stop('SIGKILL');
      await namespace[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

/** Waits until it is so; tells what was there instead. */
async function until(
  what: () => Promise<string>,
  isSo: (text: string) => boolean,
  seconds = 10,
): Promise<string> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const text = await what();
    if (isSo(text)) return text;
    if (performance.now() > end) throw new Error(`still not so after ${seconds} s:\n${text}`);
    await sleep(50);
  }
}

const THIRD_POD = '  - addresses: [10.32.0.9]\n    conditions: { ready: true }\n    nodeName: node-a\n';

describe('chainwright run', () => {
  it('follows the files, survives broken ones, repairs a flush, and leaves the rules when it is told to end', async () => {
    await using scene = await makeScene();
    const { nat, directory, namespace, http } = scene;
    const file = join(directory, 'webapp1.yaml');
    const daemon = scene.start();
    await until(nat, (text) => text.includes('--dport 30080'));

    const good = await readFile(file, 'utf8');
    const grown = good.replace(/(^endpoints:\n)/m, `$1${THIRD_POD}`);
    expect(grown).not.toBe(good);
    await writeFile(file, grown);
    await until(nat, (text) => text.includes('--to-destination 10.32.0.9:80'));

    await writeFile(file, grown.replace('kind: EndpointSlice', 'kind: EndpointSlice\n  broken: ['));
    await until(
      () => Promise.resolve(daemon.log()),
      (log) => log.includes('webapp1.yaml'),
    );
    expect(await nat()).toContain('--to-destination 10.32.0.9:80');
    await writeFile(file, good);
    await until(nat, (text) => !text.includes('10.32.0.9'));

    const before = await nat();
    await output(namespace, 'iptables-nft', '-t', 'nat', '-F');
    expect(await nat()).not.toContain('30080');
    await until(nat, (text) => text.includes('--dport 30080'), 5);
    expect((await nat()).split('\n').filter((line) => line.startsWith('-A KUBE-SVC'))).toEqual(
      before.split('\n').filter((line) => line.startsWith('-A KUBE-SVC')),
    );

    expect((await http('http://127.0.0.1:10256/healthz')).status).toBe(200);
    expect((await http('http://127.0.0.1:10249/proxyMode')).body).toBe('iptables');
    expect((await http('http://127.0.0.1:10249/metrics')).body).toMatch(
      /chainwright_drift_repairs_total\{ip_family="IPv4",kind="flush"\} [1-9]/,
    );

    const ended = await daemon.stop('SIGTERM');
    expect(ended.exitCode).toBe(0);
    expect(ended.seconds).toBeLessThan(2);
    expect(await nat()).toContain('--dport 30080');
  });

  it('adopts what it finds after it was killed, and removes everything with --cleanup', async () => {
    await using scene = await makeScene();
    const { nat, directory, namespace } = scene;
    const first = scene.start();
    await until(nat, (text) => text.includes('--dport 30080'));
    await first.stop('SIGKILL');
    const file = join(directory, 'webapp1.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('30080', '30081'));
    const second = scene.start();
    await until(nat, (text) => text.includes('--dport 30081') && !text.includes('30080'));
    expect((await second.stop('SIGTERM')).exitCode).toBe(0);

    const [nsenter, ...args] = namespace.via;
    await execa(nsenter, [...args, process.execPath, BUNDLE, 'run', '--cleanup']);
    for (const tool of ['iptables-nft-save', 'ip6tables-nft-save']) {
      expect(await output(namespace, tool)).not.toContain('KUBE-');
    }
  });

  it('prepares the node and ends, with --init-only', async () => {
    await using scene = await makeScene();
    const { namespace } = scene;
    const [nsenter, ...args] = namespace.via;
    const source = ['--source', `dir:${scene.directory}`, '--hostname-override', 'node-a'];
    const { exitCode } = await execa(nsenter, [
      ...[...args, process.execPath, BUNDLE, 'run', ...source, ...LEAVE_HOST, '--init-only'],
    ]);
    expect(exitCode).toBe(0);
    expect(await output(namespace, 'cat', '/proc/sys/net/ipv4/conf/all/route_localnet')).toBe('1');
    expect(await scene.nat()).not.toContain('KUBE-');
  });
});
