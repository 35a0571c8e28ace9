import { formatProblem } from '../problems/problem.ts';
import { API_VERSION, KIND, type Configuration } from './configuration.ts';
import { NO_FLAGS, withDefaults } from './defaults.ts';
import { isObject, valueAt } from './path.ts';
import type { Provenance } from './provenance.ts';

/** Fields and sections that kube-proxy knows and nothing here reads. */
const UNUSED: readonly { readonly path: string; readonly why: string }[] = [
  { path: 'ipvs', why: 'only iptables rules are written' },
  { path: 'nftables', why: 'only iptables rules are written; the iptables section says how' },
  { path: 'winkernel', why: 'it is for Windows' },
  { path: 'windowsRunAsService', why: 'it is for Windows' },
  { path: 'portRange', why: 'kube-proxy does not use it either since it has no userspace mode' },
  { path: 'featureGates', why: 'nothing here has this gate' },
  { path: 'configSyncPeriod', why: 'the API is watched, and its watches are made anew by themselves' },
  { path: 'showHiddenMetricsForVersion', why: 'no metric is hidden' },
  { path: 'clientConnection.qps', why: 'a proxy that watches makes a handful of requests an hour' },
  { path: 'clientConnection.burst', why: 'a proxy that watches makes a handful of requests an hour' },
  { path: 'clientConnection.contentType', why: 'the API is spoken to in JSON' },
  { path: 'clientConnection.acceptContentTypes', why: 'the API is spoken to in JSON' },
  { path: 'logging.vmodule', why: 'the verbosity is one for all files' },
  { path: 'logging.flushFrequency', why: 'log lines are written at once' },
  { path: 'logging.options', why: 'the log is one stream without a buffer' },
];

/** The gate that decides rules; see the NodeView. */
const HONOURED_GATE = 'featureGates.AllowServiceExternalIPs';

/**
 * A warning for the mode, where it is another than iptables, and for each setting that has no effect.
 * A value that equals the default is no setting: a file that `--write-config-to` wrote warns of nothing.
 */
export function warningsOf(configuration: Configuration, provenance: Provenance): readonly string[] {
  const defaults = withDefaults({ apiVersion: API_VERSION, kind: KIND }, NO_FLAGS);
  const warn = (path: string, message: string): string => formatProblem(provenance.at(path, message));
  const unused = UNUSED.flatMap(({ path, why }) =>
    changedLeaves(path, valueAt(configuration, path), valueAt(defaults, path))
      .filter((leaf) => leaf !== HONOURED_GATE)
      .map((leaf) => warn(leaf, `not used: ${why}`)),
  );
  return [...modeWarnings(configuration, provenance, warn), ...unused];
}

function modeWarnings(
  { mode, nodePortAddresses }: Configuration,
  provenance: Provenance,
  warn: (path: string, message: string) => string,
): readonly string[] {
  if (mode === 'iptables') return [];
  const isPrimaryByDefault = nodePortAddresses[0] === 'primary' && !provenance.isSet('nodePortAddresses');
  return [
    warn('mode', `"${mode}" gets iptables rules as well, set up by the iptables section`),
    ...(isPrimaryByDefault
      ? [warn('nodePortAddresses', `"primary", which is the default with ${mode}`)]
      : []),
  ];
}

function changedLeaves(path: string, value: unknown, standard: unknown): readonly string[] {
  if (isObject(value) && isObject(standard)) {
    return Object.keys(value).flatMap((name) =>
      changedLeaves(`${path}.${name}`, value[name], standard[name]),
    );
  }
  return JSON.stringify(value) === JSON.stringify(standard) ? [] : [path];
}
