import { writeFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import packageJson from '../../package.json' with { type: 'json' };
import type { PostEvent } from '../cluster/api/node-event.ts';
import type { Source } from '../cluster/source.ts';
import { commandFlags, type FlagValues } from '../config/flags.ts';
import { readConfig, type EffectiveConfig } from '../config/load.ts';
import { readConfigFile } from '../config/read-file.ts';
import { configurationYaml } from '../config/write.ts';
import { runDaemon } from '../daemon/daemon.ts';
import { chooseBackends } from '../daemon/families.ts';
import { makeLogger } from '../daemon/logger.ts';
import { prepareNode } from '../daemon/prepare-node.ts';
import { backendOf } from '../iptables/backend.ts';
import { cleanUp } from '../iptables/cleanup.ts';
import { ToolError } from '../iptables/tool.ts';
import { createMetrics, type MetricsStore } from '../metrics/metrics.ts';
import { FAMILIES } from '../net/address.ts';
import { hostFacts, type HostFacts } from '../node/host.ts';
import { InputError } from '../problems/problem.ts';
import { nodeView } from '../routing/node-view.ts';

export interface RunOptions {
  /** `api`, or `dir:PATH`. */
  readonly source: string;
  readonly conntrackResetGoneEndpoints: boolean;
}

/** @returns the exit code */
export async function run(options: RunOptions, flags: FlagValues): Promise<number> {
  const { config: path, cleanup, initOnly, writeConfigTo, master, version } = commandFlags(flags);
  // A plain --version never comes here; --version=raw does.
  if (version !== undefined) {
    process.stdout.write(`${packageJson.version}\n`);
    return 0;
  }
  const file = path === undefined ? {} : { file: await readConfigFile(path) };
  const config = readConfig({ ...file, flags });
  const log = makeLogger(config.settings.logging);
  for (const warning of config.warnings) log.warn(warning);
  if (writeConfigTo !== undefined) return await writeConfig(config, writeConfigTo, log);
  if (cleanup) return await removeRules(log);

  const { settings } = config;
  const host = await hostFacts();
  const nodeName = settings.hostnameOverride ?? host.name;
  if (nodeName === undefined) {
    const message = 'expected a name for the node, since the machine has none';
    throw new InputError([{ where: '--hostname-override', path: '', message }]);
  }
  const stop = new AbortController();
  // Listeners that stay: a library that watches over our tools ends the process where it finds none.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  const metricsStore = createMetrics(packageJson.version);
  const { source, postEvent } = await chooseSource(
    options,
    config,
    { master, nodeName, log, metricsStore },
    stop.signal,
  );
  const { afterFirstRules } = await prepareNode({
    settings,
    host,
    localhostNodePorts: wantsLocalhostNodePorts(config, nodeName, host),
    initOnly,
    log,
    postEvent,
  });
  const backends = await chooseBackends(settings, host, log);
  if (initOnly) {
    log.info('the node is prepared, and nothing else was asked for');
    return 0;
  }
  warnOfOpenNodePorts(config, log);
  log.info({ version: packageJson.version, node: nodeName }, 'chainwright begins');
  await runDaemon(
    {
      settings,
      configuration: config.configuration,
      nodeName,
      backends,
      source,
      metricsStore,
      log,
      postEvent,
      afterFirstRules,
      resetGoneEndpoints: options.conntrackResetGoneEndpoints,
    },
    stop.signal,
  );
  log.info('chainwright ends; the rules stay');
  return 0;
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
): Promise<{ readonly source: Source; readonly postEvent: PostEvent }> {
  const { log } = context;
  if (source.startsWith('dir:')) {
    const { directorySource } = await import('../cluster/directory/source.ts');
    const postEvent: PostEvent = (event) => log.debug({ event }, 'no API to post an Event to');
    return { source: directorySource({ directory: source.slice('dir:'.length), log }), postEvent };
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

/** From both stores: what an older system left in the other one still acts on packets. */
async function removeRules(log: Logger): Promise<number> {
  let failed = false;
  for (const kind of ['nft', 'legacy'] as const) {
    for (const family of FAMILIES) {
      try {
        const { chains, jumps } = await cleanUp(backendOf(kind, family));
        if (chains + jumps > 0) log.info({ backend: kind, family, chains, jumps }, 'rules removed');
      } catch (error) {
        if (error instanceof ToolError && error.kind === 'missing') continue;
        log.error({ backend: kind, family, error: String(error) }, 'rules could not be removed');
        failed = true;
      }
    }
  }
  return failed ? 2 : 0;
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
