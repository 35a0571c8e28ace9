import { writeFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import packageJson from '../../package.json' with { type: 'json' };
import type { LayoutChoice } from '../chains/layout-choice.ts';
import type { CommentPolicy } from '../chains/comments.ts';
import type { PostEvent } from '../cluster/api/node-event.ts';
import type { ConfigFile } from '../config/document.ts';
import { commandFlags, type FlagValues } from '../config/flags.ts';
import { readConfig, type EffectiveConfig } from '../config/load.ts';
import { readConfigFile } from '../config/read-file.ts';
import { configurationYaml } from '../config/write.ts';
import type { ChosenSource } from '../daemon/api-source.ts';
import { configChange } from '../daemon/config-watch.ts';
import { runDaemon } from '../daemon/daemon.ts';
import { chooseBackends } from '../daemon/families.ts';
import { makeLogger } from '../daemon/logger.ts';
import { prepareNode } from '../daemon/prepare-node.ts';
import { soleInstance } from '../daemon/sole-instance.ts';
import { cleanNode } from '../leftovers/clean-node.ts';
import { removeOtherStore } from '../leftovers/other-store.ts';
import { warnOfLeftovers } from '../leftovers/warn.ts';
import { createMetrics, type MetricsStore } from '../metrics/metrics.ts';
import { hostFacts, type HostFacts } from '../node/host.ts';
import { InputError } from '../problems/problem.ts';
import { nodeView } from '../routing/node-view.ts';
import { sourceRecord } from '../status/source-record.ts';
import type { VerifyMode } from '../verify/choice.ts';
import { FAILED, TROUBLE } from './exit-codes.ts';

export interface RunOptions {
  /** `api`, or `dir:PATH`. */
  readonly source: string;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly conntrackResetGoneEndpoints: boolean;
  readonly verify: VerifyMode;
}

/** @returns the exit code */
export async function run(options: RunOptions, flags: FlagValues): Promise<number> {
  const { config: path, cleanup, writeConfigTo, version } = commandFlags(flags);
  // A plain --version never comes here; --version=raw does.
  if (version !== undefined) {
    process.stdout.write(`${packageJson.version}\n`);
    return 0;
  }
  const file = path === undefined ? undefined : await readConfigFile(path);
  const config = readConfig({ file, flags });
  const log = makeLogger(config.settings.logging);
  for (const warning of config.warnings) log.warn(warning);
  if (writeConfigTo !== undefined) return await writeConfig(config, writeConfigTo, log);
  if (cleanup) return (await cleanNode(log)) ? 0 : TROUBLE;
  return await runOnNode(options, { file, flags, config, log });
}

/** What the daemon runs with, and where it is from. */
interface ConfigContext {
  readonly file: ConfigFile | undefined;
  readonly flags: FlagValues;
  readonly config: EffectiveConfig;
  readonly log: Logger;
}

async function runOnNode(options: RunOptions, context: ConfigContext): Promise<number> {
  const { flags, config, log } = context;
  const { settings, configuration } = config;
  const { initOnly, master } = commandFlags(flags);
  const host = await hostFacts();
  const nodeName = settings.hostnameOverride ?? host.name;
  if (nodeName === undefined) {
    const message = 'expected a name for the node, since the machine has none';
    throw new InputError([{ where: '--hostname-override', path: '', message }]);
  }
  const stop = new AbortController();
  // Listeners that stay: a library that watches over our tools ends the process where it finds none.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  const { version } = packageJson;
  const metricsStore = createMetrics(version);
  const chosen = await chooseSource(options, config, { master, nodeName, log, metricsStore }, stop.signal);
  const { postEvent } = chosen;
  if (!initOnly) await soleInstance({ log, postEvent }, stop.signal);
  // Before anything of the node is changed: without the tools nothing will be.
  const backends = await chooseBackends(settings, host, log);
  const { afterFirstRules } = await prepareNode({
    settings,
    host,
    localhostNodePorts: wantsLocalhostNodePorts(config, nodeName, host),
    initOnly,
    log,
    postEvent,
  });
  if (initOnly) {
    log.info('the node is prepared, and nothing else was asked for');
    return 0;
  }
  warnOfOpenNodePorts(config, log);
  log.info({ version, node: nodeName }, 'chainwright begins');
  const changed = stopOnChange(context, stop);
  const [backend] = backends;
  const told = backend && warnOfLeftovers(backend.kind, log, postEvent);
  const onFirstRules = async (): Promise<void> => {
    await afterFirstRules();
    await told;
    if (backend !== undefined) await removeOtherStore(backend.kind, log);
  };
  const { conntrackResetGoneEndpoints: resetGoneEndpoints, comments, verify } = options;
  const layout = { name: options.layout, comments };
  const aboutUs = {
    settings,
    configuration,
    flags,
    version,
    nodeName,
    backends,
    layout,
    verify,
    metricsStore,
  };
  try {
    const daemon = { ...aboutUs, ...chosen, log, afterFirstRules: onFirstRules, resetGoneEndpoints };
    await runDaemon(daemon, stop.signal);
  } finally {
    stop.abort();
  }
  await told;
  const why = (await changed) ? ', to be started with the changed configuration' : '';
  log.info(`chainwright ends${why}; the rules stay`);
  return why === '' ? 0 : FAILED;
}

/** Stops everything when the configuration changes, and tells what did; resolves with whether it has. */
async function stopOnChange(
  { file, flags, config, log }: ConfigContext,
  stop: AbortController,
): Promise<boolean> {
  if (file === undefined) return false;
  const { configuration: running } = config;
  const changes = (await configChange({ file, flags, running, log }, stop.signal)) ?? [];
  for (const change of changes) log.warn(`${file.name}: changed: ${change}`);
  if (changes.length > 0) stop.abort();
  return changes.length > 0;
}

interface SourceContext {
  readonly master: string | undefined;
  readonly nodeName: string;
  readonly log: Logger;
  readonly metricsStore: MetricsStore;
}

async function chooseSource(
  { source }: RunOptions,
  { settings }: EffectiveConfig,
  context: SourceContext,
  signal: AbortSignal,
): Promise<ChosenSource> {
  const { log } = context;
  if (source.startsWith('dir:')) {
    const { directorySource } = await import('../cluster/directory/source.ts');
    const directory = source.slice('dir:'.length);
    const record = sourceRecord({ kind: 'directory', where: directory });
    const postEvent: PostEvent = (event) => log.debug({ event }, 'no API to post an Event to');
    return {
      source: directorySource({ directory, log, onTrouble: record.unreadable }),
      sourceRecord: record,
      postEvent,
    };
  }
  if (source !== 'api') {
    const message = `expected api or dir:PATH, got ${JSON.stringify(source)}`;
    throw new InputError([{ where: '--source', path: '', message }]);
  }
  const { apiSourceOf } = await import('../daemon/api-source.ts');
  return await apiSourceOf({ ...context, kubeconfig: settings.clientConnection.kubeconfig }, signal);
}

async function writeConfig({ configuration }: EffectiveConfig, path: string, log: Logger): Promise<number> {
  await writeFile(path, configurationYaml(configuration));
  log.info({ file: path }, 'the configuration in force is written');
  return 0;
}

function wantsLocalhostNodePorts({ settings }: EffectiveConfig, name: string, host: HostFacts): boolean {
  return nodeView('ipv4', settings, { name, node: undefined }, host).localhostNodePorts;
}

/** As kube-proxy warns: node ports on every address are rarely what is wanted. */
function warnOfOpenNodePorts({ settings: { nodePortAddresses } }: EffectiveConfig, log: Logger): void {
  if (nodePortAddresses === 'primary' || nodePortAddresses.length > 0) return;
  log.warn(
    'nodePortAddresses is not set: node ports answer on all addresses of the node; consider "primary"',
  );
}
