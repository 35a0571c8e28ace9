import type { DetectLocal, NodePortAddresses, Settings } from '../model/settings.ts';
import { joinHostPort, parseAddress, parseCidr, type Cidr } from '../net/address.ts';
import type { Configuration } from './configuration.ts';
import { parseHostPort } from './host-port.ts';

/**
 * What the rest of the program works with, from a configuration that `validate` had nothing against.
 *
 * @throws TypeError where that was not asked
 */
export function settingsOf(configuration: Configuration): Settings {
  const { iptables, logging } = configuration;
  return {
    // A node's name is lower case, and kube-proxy brings the override to that (nodeutil.GetHostname).
    hostnameOverride: configuration.hostnameOverride.trim().toLowerCase() || undefined,
    bindAddress: certain(parseAddress(configuration.bindAddress), 'bindAddress'),
    healthzBindAddress:
      configuration.healthzBindAddress === ''
        ? undefined
        : canonicalHostPort(configuration.healthzBindAddress),
    metricsBindAddress: canonicalHostPort(configuration.metricsBindAddress),
    bindAddressHardFail: configuration.bindAddressHardFail,
    enableProfiling: configuration.enableProfiling,
    showHiddenMetricsForVersion: configuration.showHiddenMetricsForVersion,
    configSyncPeriod: configuration.configSyncPeriod,
    syncPeriod: iptables.syncPeriod,
    minSyncPeriod: iptables.minSyncPeriod,
    masqueradeAll: iptables.masqueradeAll,
    masqueradeBit: iptables.masqueradeBit,
    localhostNodePorts: iptables.localhostNodePorts,
    nodePortAddresses: nodePortAddressesOf(configuration.nodePortAddresses),
    detectLocal: detectLocalOf(configuration),
    oomScoreAdj: configuration.oomScoreAdj,
    conntrack: configuration.conntrack,
    clientConnection: configuration.clientConnection,
    logging: { format: logging.format, verbosity: logging.verbosity },
    featureGates: configuration.featureGates,
  };
}

function nodePortAddressesOf(addresses: readonly string[]): NodePortAddresses {
  return addresses[0] === 'primary' ? 'primary' : addresses.map(cidr);
}

function detectLocalOf({ detectLocalMode, detectLocal, clusterCIDR }: Configuration): DetectLocal {
  switch (detectLocalMode) {
    case 'ClusterCIDR':
      return {
        mode: detectLocalMode,
        clusterCIDRs: clusterCIDR === '' ? [] : clusterCIDR.split(',').map(cidr),
      };
    case 'NodeCIDR':
      return { mode: detectLocalMode };
    case 'BridgeInterface':
      return { mode: detectLocalMode, bridgeInterface: detectLocal.bridgeInterface };
    case 'InterfaceNamePrefix':
      return { mode: detectLocalMode, interfaceNamePrefix: detectLocal.interfaceNamePrefix };
  }
}

function canonicalHostPort(text: string): string {
  const { address, port } = certain(parseHostPort(text), text);
  return joinHostPort(address, port);
}

function cidr(text: string): Cidr {
  return certain(parseCidr(text), text);
}

function certain<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TypeError(`not validated: ${what}`);
  return value;
}
