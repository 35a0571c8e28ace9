import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { BackendKind } from '../../../src/iptables/backend.ts';
import { canonicalRules } from '../../../src/inspect/canonical.ts';
import { BUNDLE, chainwright } from '../../cli/chainwright.ts';
import { kernelRules, type Namespace } from '../namespace.ts';
import { CLUSTER_CIDR, NODE_NAME, type Manifest } from './plan.ts';

/* A service proxy on the node of a network, as a process of its own. */

export interface Proxy {
  readonly pid: number;
  readonly log: () => string;
  /** @param whom the process alone, or with every tool that it runs, as when a container is killed */
  readonly kill: (whom: 'process' | 'everything') => Promise<void>;
  /** Its exit code, when it ends by itself. */
  readonly ended: Promise<number | undefined>;
  /** @returns its exit code after SIGTERM */
  readonly stop: () => Promise<number | undefined>;
}

/** What decides the rules, of the daemon and of `render` alike. */
export const RULE_FLAGS = [
  ...['--hostname-override', NODE_NAME, '--cluster-cidr', CLUSTER_CIDR, '--nodeport-addresses', 'primary'],
] as const;

/** Settings of connection tracking belong to the host of the test. */
export const HOST_FLAGS = [
  '--conntrack-max-per-core=0',
  '--conntrack-tcp-timeout-established=0',
  '--conntrack-tcp-timeout-close-wait=0',
  '--oom-score-adj=0',
] as const;

/** @param tools a directory that goes first on its PATH */
export function startProxy(node: Namespace, command: readonly string[], tools?: string): Proxy {
  const path = process.env.PATH ?? '';
  // Being a group of its own, it would outlive tests that are interrupted.
  const mortal = ['--pdeathsig', 'TERM', ...node.via, ...command];
  const child = execa('setpriv', mortal, {
    reject: false,
    buffer: false,
    stdout: 'ignore',
    // A group of its own, so that its tools can be killed with it.
    detached: true,
    env: { PATH: tools === undefined ? path : `${tools}:${path}` },
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const { pid } = child;
  if (pid === undefined) throw new Error('setpriv could not be started');
  const signal = (to: number): void => {
    try {
      process.kill(to, 'SIGKILL');
    } catch (error) {
      // Nobody is left.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  return {
    pid,
    log: () => log,
    ended: child.then(({ exitCode }) => exitCode),
    kill: async (whom) => {
      signal(whom === 'everything' ? -pid : pid);
      await child;
    },
    stop: async () => {
      child.kill('SIGTERM');
      return (await child).exitCode;
    },
  };
}

/** @param flags where from, and all else */
export function startChainwright(node: Namespace, flags: readonly string[], tools?: string): Proxy {
  const common = [...RULE_FLAGS, ...HOST_FLAGS, '--iptables-min-sync-period=10ms'];
  return startProxy(node, [process.execPath, BUNDLE, 'run', ...common, ...flags], tools);
}

/** A file of manifests that changes all at once. */
export async function writeManifests(directory: string, objects: readonly Manifest[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await writeFile(join(directory, 'next'), JSON.stringify(list));
  await rename(join(directory, 'next'), join(directory, 'cluster.json'));
}

/** The rules that the manifests make, in canonical form. */
export async function desiredRules(directory: string): Promise<string> {
  const { exitCode, stdout, stderr } = await chainwright(['render', '-f', directory, ...RULE_FLAGS]);
  if (exitCode !== 0) throw new Error(stderr);
  return canonicalRules(stdout);
}

/** Waits until the kernel holds these rules; gives back what it holds in the end. */
export async function settledRules(node: Namespace, kind: BackendKind, desired: string): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const rules = await kernelRules(node, kind, 'ipv4');
    if (rules === desired || tries === 200) return rules;
    await sleep(100);
  }
}
