import { familyOf, parseCidr } from '../net/address.ts';
import type { Problem } from '../problems/problem.ts';
import type { Configuration } from './configuration.ts';
import { formatDuration } from './duration.ts';
import { POSITIVE_DURATION_WORDS } from './fields.ts';
import type { Provenance } from './provenance.ts';
import { loggingProblems } from './validate-logging.ts';
import { otherModeProblems } from './validate-other-modes.ts';

/** The minor release before the one whose behaviour is reproduced; kube-proxy allows no other. */
const PREVIOUS_MINOR_RELEASE = '1.35';

/**
 * What kube-proxy's validation.go checks once the defaults are in, and the schema could not: rules
 * between fields, and values that depend on where they came from. Fields that already have a problem
 * are left alone.
 *
 * @returns every problem, none first-come
 */
export function validate(configuration: Configuration, provenance: Provenance): readonly Problem[] {
  return [
    ...hostnameProblems(configuration, provenance),
    ...positivePeriodProblems(configuration, provenance),
    ...periodOrderProblems(configuration, provenance),
    ...nodePortAddressProblems(configuration, provenance),
    ...hiddenMetricsProblems(configuration, provenance),
    ...detectLocalProblems(configuration, provenance),
    ...loggingProblems(configuration, provenance),
    ...otherModeProblems(configuration, provenance),
  ];
}

function hostnameProblems({ hostnameOverride }: Configuration, { expected }: Provenance): readonly Problem[] {
  if (hostnameOverride === '' || hostnameOverride.trim() !== '') return [];
  return [expected('hostnameOverride', 'the name of a node', hostnameOverride)];
}

/** A file's 0 has become the default by now; only a flag's is left. */
function positivePeriodProblems(configuration: Configuration, provenance: Provenance): readonly Problem[] {
  const periods: readonly (readonly [string, number])[] = [
    ['configSyncPeriod', configuration.configSyncPeriod],
    ['iptables.syncPeriod', configuration.iptables.syncPeriod],
    ['logging.flushFrequency', configuration.logging.flushFrequency],
  ];
  return periods
    .filter(([path, period]) => period <= 0 && !provenance.isBroken(path))
    .map(([path, period]) => provenance.expected(path, POSITIVE_DURATION_WORDS, formatDuration(period)));
}

/** minSyncPeriod <= syncPeriod; told at the one of the two that the user set. */
function periodOrderProblems({ iptables }: Configuration, provenance: Provenance): readonly Problem[] {
  const { syncPeriod, minSyncPeriod } = iptables;
  if (provenance.isBroken('iptables.syncPeriod') || provenance.isBroken('iptables.minSyncPeriod')) return [];
  if (syncPeriod <= 0 || minSyncPeriod <= syncPeriod) return [];
  const sync = formatDuration(syncPeriod);
  const minSync = formatDuration(minSyncPeriod);
  if (provenance.isSet('iptables.minSyncPeriod')) {
    const words = `a duration of at most iptables.syncPeriod (${sync})`;
    return [provenance.expected('iptables.minSyncPeriod', words, minSync)];
  }
  const words = `a duration of at least iptables.minSyncPeriod (${minSync})`;
  return [provenance.expected('iptables.syncPeriod', words, sync)];
}

function nodePortAddressProblems(configuration: Configuration, provenance: Provenance): readonly Problem[] {
  const addresses = configuration.nodePortAddresses;
  const primary = addresses.indexOf('primary');
  if (primary < 0 || addresses.length === 1) return [];
  return [provenance.at(`nodePortAddresses[${primary}]`, '"primary" must stand alone, without networks')];
}

function hiddenMetricsProblems(configuration: Configuration, provenance: Provenance): readonly Problem[] {
  const version = configuration.showHiddenMetricsForVersion;
  if (version === '' || version === PREVIOUS_MINOR_RELEASE) return [];
  const words = `"${PREVIOUS_MINOR_RELEASE}" (the previous minor release) or nothing`;
  return [provenance.expected('showHiddenMetricsForVersion', words, version)];
}

/** What the mode needs is checked, what the other modes would need is not. */
function detectLocalProblems(configuration: Configuration, provenance: Provenance): readonly Problem[] {
  if (provenance.isBroken('detectLocalMode')) return [];
  const { detectLocalMode, detectLocal } = configuration;
  switch (detectLocalMode) {
    case 'ClusterCIDR':
      return clusterCIDRProblems(configuration, provenance);
    case 'NodeCIDR':
      return [];
    case 'BridgeInterface':
      return interfaceProblems('bridgeInterface', detectLocal.bridgeInterface, 15, provenance);
    case 'InterfaceNamePrefix':
      // The rule says prefix and "+", which must fit into a name as well.
      return interfaceProblems('interfaceNamePrefix', detectLocal.interfaceNamePrefix, 14, provenance);
  }
}

/** An empty text is fine in a file, but not as the value of a flag, which kube-proxy takes at its word. */
function clusterCIDRProblems({ clusterCIDR }: Configuration, provenance: Provenance): readonly Problem[] {
  if (provenance.isBroken('clusterCIDR')) return [];
  if (clusterCIDR === '' && !provenance.isFromFlag('clusterCIDR')) return [];
  const networks = clusterCIDR.split(',').map(parseCidr);
  const families = new Set(networks.map((network) => network && familyOf(network)));
  const isPairAtMost = networks.length <= 2 && families.size === networks.length;
  if (isPairAtMost && !families.has(undefined)) return [];
  const words = 'a network such as "10.244.0.0/16", or an IPv4 and an IPv6 network joined by a comma';
  return [provenance.expected('clusterCIDR', words, clusterCIDR)];
}

/**
 * Names as Linux allows them, without what iptables-restore would take for a quote, an option or a negation;
 * kube-proxy asks only for some text and then fails on each sync.
 */
function interfaceProblems(
  field: 'bridgeInterface' | 'interfaceNamePrefix',
  name: string,
  longest: number,
  provenance: Provenance,
): readonly Problem[] {
  const path = `detectLocal.${field}`;
  if (provenance.isBroken(path)) return [];
  if (/^[!-~]+$/.test(name) && !/^[!-]|[/:"]/.test(name) && name.length <= longest) return [];
  const what = field === 'bridgeInterface' ? 'an interface name' : 'the beginning of an interface name';
  return [provenance.expected(path, `${what} of 1 to ${longest} characters`, name)];
}
