import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAuthority, makeCertificate } from './certificates.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';

/** A kube-apiserver on an etcd of its own, both of KUBEBUILDER_ASSETS (the convention of envtest). */
export interface RealServer {
  readonly url: string;
  /** For the role that Kubernetes has for service proxies: by a token in a file, and by a certificate. */
  readonly kubeconfig: Readonly<Record<'token' | 'certificate', string>>;
  /** Sends a request as an administrator. @throws Error where the answer is no success */
  readonly send: (method: string, path: string, body?: unknown) => Promise<unknown>;
  readonly stopApi: (signal?: NodeJS.Signals) => Promise<void>;
  readonly startApi: (...flags: readonly string[]) => Promise<void>;
  /** Begins again with an empty store. The API server must be stopped. */
  readonly emptyStore: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The directory with `etcd` and `kube-apiserver`; undefined or empty where there is none. */
export const ASSETS = process.env.KUBEBUILDER_ASSETS;

export async function startRealServer(assets: string, ...flags: readonly string[]): Promise<RealServer> {
  const directory = mkdtempSync(join(tmpdir(), 'chainwright-apiserver-'));
  const file = (name: string, content?: string): string => {
    const path = join(directory, name);
    if (content !== undefined) writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const authority = makeAuthority('test authority');
  const serving = makeCertificate(authority, {
    commonName: 'kube-apiserver',
    hosts: ['127.0.0.1', 'localhost'],
  });
  const accounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const tokens = { admin: randomBytes(16).toString('hex'), proxy: randomBytes(16).toString('hex') };
  const [etcdPort, peerPort, apiPort] = await freePorts();
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const url = `https://127.0.0.1:${apiPort}`;
  const authorityFile = file('ca.crt', authority.cert);
  file(
    'tokens.csv',
    `${tokens.admin},admin,admin,"system:masters"\n${tokens.proxy},system:kube-proxy,kube-proxy\n`,
  );
  const processes = new Map<string, ChildProcess>();
  let life = 0;

  const run = (name: string, args: readonly string[]): void => {
    const log = createWriteStream(file(`${name}.log`), { flags: 'a' });
    const child = spawn(join(assets, name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    processes.set(name, child);
  };
  const end = async (name: string, signal: NodeJS.Signals): Promise<void> => {
    const child = processes.get(name);
    processes.delete(name);
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const call = (method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${tokens.admin}`, 'content-type': 'application/json' };
      const patch = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
      const options = {
        method,
        ca: authority.cert,
        agent: false,
        headers: { ...headers, ...patch },
      } as const;
      const sent = request(new URL(path, url), options, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const ready = async (): Promise<void> => {
    for (let tries = 0; tries < 300; tries += 1) {
      const { status } = await call('GET', '/readyz').catch(() => ({ status: 0 }));
      if (status === 200) return;
      if (processes.get('kube-apiserver')?.exitCode !== null) break;
      await sleep(200);
    }
    throw new Error(
      `kube-apiserver is not ready: ${readFileSync(file('kube-apiserver.log'), 'utf8').slice(-2_000)}`,
    );
  };
  const startEtcd = (): void => {
    life += 1;
    run('etcd', [
      ...['--name', 'test', '--data-dir', file(`etcd-${life}`), '--unsafe-no-fsync', '--log-level', 'warn'],
      ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `test=${peerUrl}`],
    ]);
  };
  const startApi = async (...more: readonly string[]): Promise<void> => {
    run('kube-apiserver', [
      ...['--etcd-servers', etcdUrl, '--cert-dir', directory],
      ...[
        '--bind-address',
        '127.0.0.1',
        '--secure-port',
        String(apiPort),
        '--advertise-address',
        '127.0.0.1',
      ],
      ...['--endpoint-reconciler-type', 'none', '--service-cluster-ip-range', '10.96.0.0/16'],
      ...[
        '--tls-cert-file',
        file('serving.crt', serving.cert),
        '--tls-private-key-file',
        file('serving.key', serving.key),
      ],
      ...['--client-ca-file', authorityFile, '--token-auth-file', file('tokens.csv')],
      ...['--authorization-mode', 'RBAC', '--disable-admission-plugins', 'ServiceAccount'],
      ...['--service-account-issuer', 'https://kubernetes.default.svc'],
      ...['--service-account-key-file', file('accounts.pub', accounts.publicKey)],
      ...['--service-account-signing-key-file', file('accounts.key', accounts.privateKey)],
      ...flags,
      ...more,
    ]);
    await ready();
  };
  const kubeconfig = (name: string, user: Readonly<Record<string, string>>): string =>
    file(name, kubeconfigOf({ server: url, authorityFile: 'ca.crt', user }));
  file('proxy.token', tokens.proxy);
  const client = makeCertificate(authority, { commonName: 'system:kube-proxy' });
  file('proxy.crt', client.cert);
  file('proxy.key', client.key);

  const stopAll = async (): Promise<void> => {
    await end('kube-apiserver', 'SIGKILL');
    await end('etcd', 'SIGKILL');
  };
  startEtcd();
  try {
    await startApi();
  } catch (error) {
    await stopAll();
    throw error;
  }
  return {
    url,
    kubeconfig: {
      token: kubeconfig('token.kubeconfig', { tokenFile: 'proxy.token' }),
      certificate: kubeconfig('certificate.kubeconfig', {
        'client-certificate': 'proxy.crt',
        'client-key': 'proxy.key',
      }),
    },
    send: async (method, path, body) => {
      const { status, body: answer } = await call(method, path, body);
      if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${answer}`);
      return JSON.parse(answer) as unknown;
    },
    stopApi: (signal = 'SIGTERM') => end('kube-apiserver', signal),
    startApi,
    emptyStore: async () => {
      await end('etcd', 'SIGKILL');
      startEtcd();
    },
    stop: async () => {
      await stopAll();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePorts(): Promise<readonly [number, number, number]> {
  const servers = [createServer(), createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as { port: number }).port);
  }
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  const [first = 0, second = 0, third = 0] = ports;
  return [first, second, third];
}
