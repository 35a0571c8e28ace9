import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendKind } from '../../src/iptables/backend.ts';
import type { FakeServer } from '../api/fake-server.ts';
import { CLUSTER_CIDRS, NODE_NAME } from './cluster-objects.ts';
import { command } from './own-node.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';

/* A service proxy, ours or kube-proxy, as a process that is measured from outside. */

const BUNDLE = join(import.meta.dirname, '../../dist/chainwright.mjs');
/** As the DaemonSet sets them; kube-proxy has no use for the second. */
const NODE_FLAGS = ['--max-semi-space-size=2'];
const ALLOCATION = { MALLOC_ARENA_MAX: '1' };
const METRICS = 'http://127.0.0.1:10249/metrics';
/** Clock ticks in a second, as /proc counts them. */
const TICKS = 100;

export const CONFIG = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: ${NODE_NAME}
clusterCIDR: ${Object.values(CLUSTER_CIDRS).join(',')}
oomScoreAdj: 0
iptables:
  minSyncPeriod: 10ms
# Settings of connection tracking belong to the host.
conntrack:
  maxPerCore: 0
  min: 0
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 0s
`;

export interface ProxyOptions {
  readonly kind: BackendKind;
  /** A binary of kube-proxy; ours without. */
  readonly kubeProxy?: string;
  /** More flags. */
  readonly args?: readonly string[];
  /** Of this run. */
  readonly directory: string;
  readonly server: FakeServer;
}

export interface Proxy {
  readonly pid: number;
  /** Date.now() when it was started. */
  readonly startedAt: number;
  /** Its metrics; undefined as long as it serves none. */
  readonly metrics: () => Promise<Metrics | undefined>;
  readonly memory: (field: 'VmRSS' | 'VmHWM') => number;
  /** Seconds of processor time, its own and of the tools that it ran. */
  readonly cpu: () => number;
  readonly log: () => string;
  /** @throws Error when it has ended by itself */
  readonly check: () => void;
  readonly stop: () => Promise<void>;
}

export type Metrics = (name: string, ...labels: readonly string[]) => number;

/** Starts it on this node, so that it uses the wanted store. */
export function startProxy({ kind, kubeProxy, args: more = [], directory, server }: ProxyOptions): Proxy {
  // Detection picks the store that holds Kubernetes' chains.
  command(`iptables-${kind}`, '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
  const config = writeConfig(directory, server);
  const logPath = join(directory, 'log');
  const logFile = openSync(logPath, 'w');
  const [file, ...args] =
    kubeProxy === undefined ? [process.execPath, ...NODE_FLAGS, BUNDLE, 'run'] : [kubeProxy];
  const startedAt = Date.now();
  const child = spawn(file, [...args, ...more, `--config=${config}`], {
    stdio: ['ignore', 'ignore', logFile],
    env: { ...ALLOCATION, PATH: `${toolsOf(kind, directory)}:${process.env.PATH ?? ''}` },
  });
  closeSync(logFile);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started`);
  const log = () => readFileSync(logPath, 'utf8');
  return {
    pid,
    startedAt,
    metrics: scrape,
    memory: (field) => memoryOf(pid, field),
    cpu: () => cpuOf(pid),
    log,
    check: () => {
      if (hasEnded(child)) throw new Error(`${file} ended:\n${log().slice(-4000)}`);
    },
    stop: () => stop(child),
  };
}

function writeConfig(directory: string, server: FakeServer): string {
  const path = join(directory, 'kubeconfig');
  writeFileSync(path, kubeconfigOf({ server: server.url, authority: server.authority.cert }));
  const config = join(directory, 'config.yaml');
  // The fake server speaks JSON alone.
  const client = `clientConnection:\n  kubeconfig: ${path}\n  contentType: application/json\n`;
  writeFileSync(config, CONFIG + client);
  return config;
}

/** A directory where `iptables` and its like are those of one store: kube-proxy knows no other names. */
function toolsOf(kind: BackendKind, directory: string): string {
  const tools = join(directory, 'tools');
  mkdirSync(tools);
  for (const name of ['iptables', 'ip6tables']) {
    for (const action of ['', '-save', '-restore']) {
      const target = command('sh', '-c', `command -v ${name}-${kind}${action}`).trim();
      symlinkSync(target, join(tools, `${name}${action}`));
    }
  }
  return tools;
}

async function scrape(): Promise<Metrics | undefined> {
  const text = await fetch(METRICS, { signal: AbortSignal.timeout(5_000) })
    .then((response) => response.text())
    .catch(() => undefined);
  if (text === undefined) return undefined;
  const samples = text.split('\n').filter((line) => !line.startsWith('#'));
  return (name, ...labels) =>
    samples
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => labels.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

/** Seconds of processor time, of a process and of the tools that it has run. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold anything: utime, stime, cutime and cstime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / TICKS;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
  if (!hasEnded(child)) child.kill('SIGKILL');
  await ended;
}
