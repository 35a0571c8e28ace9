import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { expectedGot, InputError, type Problem } from '../../problems/problem.ts';
import { readNamed } from '../../problems/unreadable.ts';
import { isRecord } from '../documents.ts';

/** How the API server is found, as kube-proxy's flags of these names say. */
export interface ServerChoice {
  /** Path of a kubeconfig; undefined or empty: the service account of the pod we run in. */
  readonly kubeconfig?: string | undefined;
  /** URL of the API server, instead of the one that the kubeconfig or the pod's environment names. */
  readonly master?: string | undefined;
}

/**
 * Loads a kubeconfig, or the pod's service account, through the Kubernetes client, which knows their
 * kinds of credentials. The client is loaded here and nowhere else: it is large.
 *
 * @throws InputError where the choice cannot work: an unreadable file, no context, no cluster at all
 */
export async function loadKubeConfig({ kubeconfig = '', master = '' }: ServerChoice): Promise<KubeConfig> {
  const { KubeConfig } = await import('./kube-config-class.ts');
  const config = new KubeConfig();
  if (kubeconfig !== '') await loadFile(config, kubeconfig);
  else loadPod(config, master);
  return withServer(config, master, kubeconfig === '' ? '--master' : kubeconfig);
}

async function loadFile(config: KubeConfig, path: string): Promise<void> {
  const text = await readNamed(path, (file) => readFile(file, 'utf8'));
  try {
    const content: unknown = parse(text);
    // A text may be a token that was taken for a kubeconfig.
    if (typeof content === 'string') throw new Error('expected a kubeconfig, got a text');
    if (!isRecord(content)) throw new Error(expectedGot('a kubeconfig', content));
    const directory = dirname(resolve(path));
    config.loadFromString(JSON.stringify({ ...content, users: users(content.users, directory) }));
    config.makePathsAbsolute(directory);
  } catch (error) {
    const reason = firstLine(error instanceof Error ? error.message : String(error));
    throw problem(path, '', reason.startsWith('expected') ? reason : `expected a kubeconfig: ${reason}`);
  }
  if (config.getCurrentCluster() === null) {
    const message = expectedGot('the name of a context whose cluster is listed', config.currentContext);
    throw problem(path, 'current-context', message);
  }
}

/** The lines after it show the text round a mistake, which in a kubeconfig is a secret more often than not. */
function firstLine(message: string): string {
  return message.replace(/:?\n[^]*$/, '').replace(/; please use YAML\.parseAllDocuments\(\).*/, '');
}

type Entry = Readonly<Record<string, unknown>>;

function users(listed: unknown, directory: string): unknown {
  if (!Array.isArray(listed)) return listed;
  return listed.map((entry: unknown) => {
    if (!isRecord(entry) || !isRecord(entry.user)) return entry;
    return { ...entry, user: withLimitedPlugin(withTokenFile(entry.user, directory), directory) };
  });
}

/**
 * The client passes over `tokenFile`, by which kubeadm's kube-proxy signs in: told to it in a form that it
 * knows. The file goes before a token beside it, as in client-go.
 */
function withTokenFile(user: Entry, directory: string): Entry {
  const { tokenFile } = user;
  if (typeof tokenFile !== 'string' || tokenFile === '') return user;
  const config = { tokenFile: resolve(directory, tokenFile) };
  return { ...user, token: undefined, 'auth-provider': { name: 'tokenFile', config } };
}

/** Seconds; longer than anybody waits for credentials. */
const PLUGIN_LIMIT = 60;

/**
 * A plugin that makes credentials may hang, and the client would leave one behind at each try: the system's
 * `timeout` ends it. One that is named by a path is found from the kubeconfig, as by client-go.
 */
function withLimitedPlugin(user: Entry, directory: string): Entry {
  const { exec } = user;
  if (!isRecord(exec) || typeof exec.command !== 'string' || exec.command === '') return user;
  const command = exec.command.includes('/') ? resolve(directory, exec.command) : exec.command;
  const given: readonly unknown[] = Array.isArray(exec.args) ? exec.args : [];
  const args = ['-k', '5', String(PLUGIN_LIMIT), command, ...given];
  return { ...user, exec: { ...exec, command: 'timeout', args } };
}

function loadPod(config: KubeConfig, master: string): void {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (host !== undefined && port !== undefined) {
    config.loadFromCluster();
    return;
  }
  if (master === '') {
    const message =
      'expected a kubeconfig, a --master, or to run in a pod with a service account (KUBERNETES_SERVICE_HOST is not set)';
    throw problem('--kubeconfig', '', message);
  }
  config.loadFromClusterAndUser({ name: 'master', server: master, skipTLSVerify: false }, { name: 'nobody' });
}

/** Puts the server in, and lets plain HTTP be spoken where the URL asks for it: the client refuses else. */
function withServer(config: KubeConfig, master: string, where: string): KubeConfig {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw problem(where, '', 'names no cluster');
  const server = (master === '' ? cluster.server : withScheme(master)).replace(/\/+$/, '');
  const protocol = URL.canParse(server) ? new URL(server).protocol : '';
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw problem(where, '', expectedGot('the URL of an API server, such as https://10.0.0.1:6443', server));
  }
  const skipTLSVerify = cluster.skipTLSVerify || protocol === 'http:';
  const user = config.getCurrentUser() ?? { name: 'nobody' };
  config.loadFromClusterAndUser({ ...cluster, name: 'chosen', server, skipTLSVerify }, user);
  return config;
}

/** `--master 10.0.0.1:8080` is plain HTTP to client-go. */
function withScheme(master: string): string {
  return /^[a-z]+:\/\//i.test(master) ? master : `http://${master}`;
}

function problem(where: string, path: string, message: string): InputError {
  const problems: readonly Problem[] = [{ where, path, message }];
  return new InputError(problems);
}
