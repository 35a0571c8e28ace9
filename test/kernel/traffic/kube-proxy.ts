import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { execa } from 'execa';
import type { BackendKind } from '../../../src/iptables/backend.ts';
import { feed, output, type Namespace } from '../namespace.ts';
import { startPeer } from '../peer-process.ts';
import type { ApiMisdeed } from './api-server.ts';
import { CLUSTER_CIDR, NODE_NAME } from './plan.ts';
import { startProxy, type Proxy } from './proxy.ts';

/*
 * kube-proxy on the node of a network: its rules as a real one left them for the manifests of `plan.ts`, and
 * the real one itself.
 */

/** A binary of kube-proxy 1.36; undefined or empty where there is none. */
export const KUBE_PROXY = process.env.KUBE_PROXY;
const CAPTURED = fileURLToPath(new URL('../../data/handover/expected.v4.rules', import.meta.url));

/** In canonical form. */
export function capturedRules(): Promise<string> {
  return readFile(CAPTURED, 'utf8');
}

/**
 * Writes the captured rules as kube-proxy does: all its chains declared, which empties those that there are,
 * in one input; its jumps out of the kernel's own chains by commands, where they are missing.
 *
 * @param packets what each rule's counter begins with
 */
export async function loadCaptured(node: Namespace, kind: BackendKind, packets: number): Promise<void> {
  const text = await capturedRules();
  const JUMP = /^-A (?!KUBE-)(.*)\n/gm;
  const chains = text.replace(JUMP, '').replace(/^-A /gm, `[${packets}:${packets * 60}] -A `);
  await feed(node, chains, `iptables-${kind}-restore`, '--noflush', '--counters');
  const [file, ...via] = node.via;
  for (const section of text.split(/^(?=\*)/m)) {
    const table = /^\*(\w+)/.exec(section)?.[1] ?? '';
    // Each is put first: the last to stand goes in first.
    for (const [, jump = ''] of [...section.matchAll(JUMP)].reverse()) {
      const rule = Array.from(jump.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, word]) => quoted ?? word ?? '');
      const run = (action: string) =>
        execa(file, [...via, `iptables-${kind}`, '-t', table, action, ...rule], { reject: action !== '-C' });
      if ((await run('-C')).exitCode !== 0) await run('-I');
    }
  }
}

/** Packets that each rule has met, by the rule. */
export async function counters(node: Namespace, kind: BackendKind): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const table of ['filter', 'nat']) {
    const text = await output(node, `iptables-${kind}-save`, '-c', '-t', table);
    for (const [, packets, rule] of text.matchAll(/^\[(\d+):\d+\] (-A KUBE-.*)$/gm)) {
      found.set(`${table} ${String(rule)}`, Number(packets));
    }
  }
  return found;
}

/** Writes the configuration that kube-proxy and we can both be started with. */
export async function writeConfig(directory: string, clusterCIDR = CLUSTER_CIDR): Promise<string> {
  const path = join(directory, 'config.yaml');
  await writeFile(
    path,
    `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: ${NODE_NAME}
clusterCIDR: ${clusterCIDR}
nodePortAddresses: [primary]
oomScoreAdj: 0
# The fake server speaks JSON alone.
clientConnection:
  kubeconfig: ${join(directory, 'kubeconfig')}
  contentType: application/json
iptables:
  minSyncPeriod: 10ms
conntrack:
  maxPerCore: 0
  min: 0
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 0s
`,
  );
  return path;
}

export interface ApiServer extends AsyncDisposable {
  readonly misbehave: (misdeed: ApiMisdeed) => Promise<void>;
}

/** Serves DIRECTORY/cluster.json on the node's loopback, and writes DIRECTORY/kubeconfig. */
export async function startApiServer(node: Namespace, directory: string): Promise<ApiServer> {
  const server = startPeer(node, new URL('api-server.ts', import.meta.url), [directory]);
  await server.next();
  return {
    misbehave: async (misdeed) => {
      server.tell(JSON.stringify(misdeed));
      await server.next();
    },
    [Symbol.asyncDispose]: server.end,
  };
}

export async function startKubeProxy(
  node: Namespace,
  kind: BackendKind,
  binary: string,
  config: string,
): Promise<Proxy> {
  return startProxy(node, [binary, `--config=${config}`], await toolsOf(kind, join(config, '../tools')));
}

/** A directory where `iptables` and its like are those of one store: kube-proxy knows no other names. */
async function toolsOf(kind: BackendKind, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const name of ['iptables', 'ip6tables']) {
    for (const action of ['', '-save', '-restore']) {
      const { stdout } = await execa('sh', ['-c', `command -v ${name}-${kind}${action}`]);
      await symlink(stdout, join(directory, `${name}${action}`)).catch(() => undefined);
    }
  }
  return directory;
}
