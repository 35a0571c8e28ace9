import { stringify } from 'yaml';
import { API_VERSION, KIND, type Configuration, type OutputRouting } from './configuration.ts';
import { formatDuration } from './duration.ts';

/** What `--write-config-to` writes: a whole KubeProxyConfiguration, its fields in alphabetical order. */
export function configurationYaml(configuration: Configuration): string {
  // Version 1.1 quotes a name such as "on", which Go would otherwise read as true.
  return stringify(configurationObject(configuration), {
    version: '1.1',
    sortMapEntries: true,
    lineWidth: 0,
  });
}

/**
 * A KubeProxyConfiguration as the API has it, for `/configz`: every field, durations as text. The mode is
 * iptables, as that is what is in force, and as in kube-proxy the periods of the other modes are 0 then.
 */
export function configurationObject(configuration: Configuration): Readonly<Record<string, unknown>> {
  const { featureGates, iptables, nftables, ipvs, conntrack } = configuration;
  return {
    kind: KIND,
    apiVersion: API_VERSION,
    ...(Object.keys(featureGates).length > 0 && { featureGates }),
    clientConnection: configuration.clientConnection,
    logging: loggingObject(configuration),
    hostnameOverride: configuration.hostnameOverride,
    bindAddress: configuration.bindAddress,
    healthzBindAddress: configuration.healthzBindAddress,
    metricsBindAddress: configuration.metricsBindAddress,
    bindAddressHardFail: configuration.bindAddressHardFail,
    enableProfiling: configuration.enableProfiling,
    showHiddenMetricsForVersion: configuration.showHiddenMetricsForVersion,
    mode: 'iptables',
    iptables: {
      masqueradeBit: iptables.masqueradeBit,
      masqueradeAll: iptables.masqueradeAll,
      localhostNodePorts: iptables.localhostNodePorts,
      syncPeriod: formatDuration(iptables.syncPeriod),
      minSyncPeriod: formatDuration(iptables.minSyncPeriod),
    },
    ipvs: {
      syncPeriod: '0s',
      minSyncPeriod: '0s',
      scheduler: ipvs.scheduler,
      excludeCIDRs: nullIfEmpty(ipvs.excludeCIDRs),
      strictARP: ipvs.strictARP,
      tcpTimeout: formatDuration(ipvs.tcpTimeout),
      tcpFinTimeout: formatDuration(ipvs.tcpFinTimeout),
      udpTimeout: formatDuration(ipvs.udpTimeout),
    },
    nftables: {
      masqueradeBit: nftables.masqueradeBit,
      masqueradeAll: false,
      syncPeriod: '0s',
      minSyncPeriod: '0s',
    },
    winkernel: configuration.winkernel,
    detectLocalMode: configuration.detectLocalMode,
    detectLocal: configuration.detectLocal,
    clusterCIDR: configuration.clusterCIDR,
    nodePortAddresses: nullIfEmpty(configuration.nodePortAddresses),
    oomScoreAdj: configuration.oomScoreAdj,
    conntrack: {
      maxPerCore: conntrack.maxPerCore,
      min: conntrack.min,
      tcpEstablishedTimeout: formatDuration(conntrack.tcpEstablishedTimeout),
      tcpCloseWaitTimeout: formatDuration(conntrack.tcpCloseWaitTimeout),
      tcpBeLiberal: conntrack.tcpBeLiberal,
      udpTimeout: formatDuration(conntrack.udpTimeout),
      udpStreamTimeout: formatDuration(conntrack.udpStreamTimeout),
    },
    configSyncPeriod: formatDuration(configuration.configSyncPeriod),
    portRange: configuration.portRange,
    ...(configuration.windowsRunAsService && { windowsRunAsService: true }),
  };
}

function loggingObject({ logging }: Configuration): Readonly<Record<string, unknown>> {
  return {
    format: logging.format,
    flushFrequency: formatDuration(logging.flushFrequency),
    verbosity: logging.verbosity,
    ...(logging.vmodule.length > 0 && { vmodule: logging.vmodule }),
    options: {
      text: outputRoutingObject(logging.options.text),
      json: outputRoutingObject(logging.options.json),
    },
  };
}

function outputRoutingObject({
  splitStream,
  infoBufferSize,
}: OutputRouting): Readonly<Record<string, unknown>> {
  return { ...(splitStream && { splitStream }), infoBufferSize };
}

/** A nil slice in Go. */
function nullIfEmpty(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list;
}
