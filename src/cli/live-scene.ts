import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pino, type Logger } from 'pino';
import packageJson from '../../package.json' with { type: 'json' };
import { connectApi } from '../cluster/api/connect.ts';
import type { Fault } from '../cluster/api/fault.ts';
import { apiSource } from '../cluster/api/source.ts';
import { clusterOnce } from '../cluster/cluster-once.ts';
import { unknownNode } from '../cluster/identity.ts';
import { readManifests, type ManifestCluster } from '../cluster/manifests.ts';
import { readManifestFiles } from '../cluster/read-files.ts';
import { commandFlags, type FlagValues } from '../config/flags.ts';
import { readConfig } from '../config/load.ts';
import { readConfigFile } from '../config/read-file.ts';
import type { Cluster } from '../model/objects.ts';
import { hostFacts } from '../node/host.ts';
import { InputError } from '../problems/problem.ts';
import type { Scene } from '../routing/scene.ts';

/** Says what is worth saying before there is a result. */
type Warn = (text: string) => void;

/**
 * What decides the rules of the node we are on, from where `run` would take it, as it is now.
 *
 * @throws InputError with everything that is wrong with what was read
 * @throws Error where the API server does not tell
 */
export async function liveScene(source: string, flags: FlagValues, warn: Warn): Promise<Scene> {
  const { config, master } = commandFlags(flags);
  const file = config === undefined ? {} : { file: await readConfigFile(config) };
  const { settings, warnings: ofConfig } = readConfig({ ...file, flags });
  const name = settings.hostnameOverride ?? (await hostFacts()).name;
  if (name === undefined) {
    const message = 'expected a name for the node, since the machine has none';
    throw new InputError([{ where: '--hostname-override', path: '', message }]);
  }
  const kubeconfig = settings.clientConnection.kubeconfig || (master === undefined ? kubectlConfig() : '');
  const { cluster, warnings } = await clusterNow(source, { kubeconfig, master, name, warn });
  const node = cluster.nodes.find((candidate) => candidate.name === name);
  const unknown = node === undefined ? [unknownNode(name, cluster, 'the cluster')] : [];
  return {
    cluster,
    settings,
    identity: { name, node },
    warnings: [...ofConfig, ...warnings, ...unknown],
  };
}

/** Where kubectl would look, since it is a person as a rule who only looks; empty where a pod has its own. */
function kubectlConfig(): string {
  const { KUBECONFIG = '', KUBERNETES_SERVICE_HOST: pod } = process.env;
  const [first = ''] = KUBECONFIG.split(delimiter).filter((path) => path !== '');
  if (first !== '') return first;
  const usual = join(homedir(), '.kube/config');
  return pod === undefined && existsSync(usual) ? usual : '';
}

interface ServerContext {
  readonly kubeconfig: string;
  readonly master: string | undefined;
  /** Of the node. */
  readonly name: string;
  readonly warn: Warn;
}

async function clusterNow(source: string, context: ServerContext): Promise<ManifestCluster> {
  // Read once and not followed: a source would wait until what is wrong is mended.
  if (source.startsWith('dir:')) return readManifests(await readManifestFiles([source.slice('dir:'.length)]));
  if (source === 'api') return { cluster: await clusterOfApi(context), warnings: [] };
  const message = `expected api or dir:PATH, got ${JSON.stringify(source)}`;
  throw new InputError([{ where: '--source', path: '', message }]);
}

/** Faults of one kind of object until we give up; the pauses between them add up to some seconds. */
const MOST_FAULTS = 5;
/** Milliseconds. */
const LIST_DEADLINE = 15_000;

async function clusterOfApi({ kubeconfig, master, name, warn }: ServerContext): Promise<Cluster> {
  const choice = { kubeconfig, ...(master === undefined ? {} : { master }) };
  const { server, send } = await connectApi(choice, `chainwright/${packageJson.version}`);
  const giveUp = new AbortController();
  const weights = new Map<string, number>();
  const told = new Set<string>();
  const onFault = (resource: string, fault: Fault): void => {
    const added = weightOf(fault);
    const weight = (weights.get(resource) ?? 0) + added;
    weights.set(resource, weight);
    if (weight >= MOST_FAULTS) {
      giveUp.abort(new Error(`${server} does not tell its ${resource}: ${fault.message}`));
    } else if (added > 0 && !told.has(fault.message)) {
      told.add(fault.message);
      warn(`${server}: ${fault.message}; trying again`);
    }
  };
  const timing = { listDeadline: LIST_DEADLINE };
  const source = apiSource({ send, nodeName: name, log: objectLog(warn), telemetry: { onFault }, timing });
  return await clusterOnce(source, giveUp.signal);
}

/** `run` would try for ever; here somebody is waiting for an answer. */
function weightOf({ kind }: Fault): number {
  switch (kind) {
    // The next request is another one.
    case 'expired':
    case 'ahead':
    case 'unsupported':
      return 0;
    // The credentials are read anew once.
    case 'unauthorized':
      return MOST_FAULTS / 2;
    // Nobody will mend these while we wait.
    case 'forbidden':
    case 'credentials':
      return MOST_FAULTS;
    // It took its time already. A stream may be silent where the server does not know streams.
    case 'silent':
      return MOST_FAULTS / 2;
    case 'busy':
    case 'refused':
    case 'connection':
    case 'garbled':
      return 1;
  }
}

/** Objects that are served in part or not at all are told here; faults by `onFault`. */
function objectLog(warn: Warn): Pick<Logger, 'debug' | 'info' | 'warn'> {
  const write = (line: string): void => {
    const { msg, fault } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (fault === undefined) warn(String(msg));
  };
  return pino({ level: 'warn', base: null, timestamp: false }, { write });
}
