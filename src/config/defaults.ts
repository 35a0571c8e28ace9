import { familyOf, parseAddress } from '../net/address.ts';
import type { Configuration, ProxyMode } from './configuration.ts';
import { withPort } from './host-port.ts';
import type { GivenConfiguration } from './schema.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const HEALTHZ_PORT = 10_256;
const METRICS_PORT = 10_249;

/** What a default depends on besides the configuration itself. */
export interface DefaultsContext {
  /** Whether a flag set the field: kube-proxy takes a flag's 0 as 0, a file's as "not set". */
  readonly isFromFlag: (path: string) => boolean;
  /** From the deprecated `--healthz-port` (0: serve none) and `--metrics-port`. */
  readonly ports: { readonly healthz?: number; readonly metrics?: number };
}

export const NO_FLAGS: DefaultsContext = { isFromFlag: () => false, ports: {} };

/**
 * Fills in what is unset, as kube-proxy's v1alpha1/defaults.go and platformApplyDefaults do. A 0 period
 * in a file counts as unset: `minSyncPeriod: 0s` means 1s.
 */
export function withDefaults(given: GivenConfiguration, context: DefaultsContext): Configuration {
  const numberOr: NumberOr = (path, value, fallback) =>
    (value ?? 0) === 0 && !context.isFromFlag(path) ? fallback : (value ?? 0);
  const mode = textOr(given.mode, 'iptables');
  const iptables = given.iptables ?? {};
  const nftables = given.nftables ?? {};
  return {
    featureGates: given.featureGates ?? {},
    clientConnection: clientConnectionOf(given, numberOr),
    logging: loggingOf(given, numberOr),
    hostnameOverride: given.hostnameOverride ?? '',
    ...addressesOf(given, context),
    bindAddressHardFail: given.bindAddressHardFail ?? false,
    enableProfiling: given.enableProfiling ?? false,
    showHiddenMetricsForVersion: given.showHiddenMetricsForVersion ?? '',
    mode,
    iptables: {
      masqueradeBit: iptables.masqueradeBit ?? 14,
      masqueradeAll: iptables.masqueradeAll ?? false,
      localhostNodePorts: iptables.localhostNodePorts ?? true,
      syncPeriod: numberOr('iptables.syncPeriod', iptables.syncPeriod, 30 * SECOND),
      minSyncPeriod: numberOr('iptables.minSyncPeriod', iptables.minSyncPeriod, SECOND),
    },
    ipvs: ipvsOf(given, numberOr),
    nftables: {
      masqueradeBit: nftables.masqueradeBit ?? 14,
      masqueradeAll: nftables.masqueradeAll ?? false,
      syncPeriod: numberOr('nftables.syncPeriod', nftables.syncPeriod, 30 * SECOND),
      minSyncPeriod: numberOr('nftables.minSyncPeriod', nftables.minSyncPeriod, SECOND),
    },
    winkernel: winkernelOf(given),
    detectLocalMode: textOr(given.detectLocalMode, 'ClusterCIDR'),
    detectLocal: {
      bridgeInterface: given.detectLocal?.bridgeInterface ?? '',
      interfaceNamePrefix: given.detectLocal?.interfaceNamePrefix ?? '',
    },
    clusterCIDR: given.clusterCIDR ?? '',
    nodePortAddresses: nodePortAddressesOf(given, mode),
    oomScoreAdj: given.oomScoreAdj ?? -999,
    conntrack: conntrackOf(given),
    configSyncPeriod: numberOr('configSyncPeriod', given.configSyncPeriod, 15 * MINUTE),
    portRange: given.portRange ?? '',
    windowsRunAsService: given.windowsRunAsService ?? false,
  };
}

/** The number at the path, or the fallback where it is unset, or 0 in the file. */
type NumberOr = (path: string, value: number | null | undefined, fallback: number) => number;

/** In texts the empty one is unset. */
function textOr<Text extends string>(text: Text | null | undefined, fallback: Exclude<Text, ''>) {
  return text === undefined || text === null || text === '' ? fallback : (text as Exclude<Text, ''>);
}

/** Both servers follow bindAddress's family; an address without a port gets the usual one. */
function addressesOf(given: GivenConfiguration, { ports }: DefaultsContext) {
  const bindAddress = textOr(given.bindAddress, '0.0.0.0');
  const address = parseAddress(bindAddress);
  const isIPv4 = address !== undefined && familyOf(address) === 'ipv4';
  const healthz = textOr(given.healthzBindAddress, isIPv4 ? '0.0.0.0' : '::');
  const metrics = textOr(given.metricsBindAddress, isIPv4 ? '127.0.0.1' : '::1');
  return {
    bindAddress,
    healthzBindAddress: ports.healthz === 0 ? '' : withPort(healthz, ports.healthz ?? HEALTHZ_PORT),
    metricsBindAddress: withPort(metrics, ports.metrics ?? METRICS_PORT),
  };
}

/**
 * nftables mode answers node ports on the primary addresses only unless told otherwise. Who moves from
 * it to chainwright must not find more ports open than before.
 */
function nodePortAddressesOf(given: GivenConfiguration, mode: ProxyMode): readonly string[] {
  const addresses = given.nodePortAddresses ?? [];
  return addresses.length === 0 && mode === 'nftables' ? ['primary'] : addresses;
}

function clientConnectionOf(given: GivenConfiguration, numberOr: NumberOr) {
  const { kubeconfig, acceptContentTypes, contentType, qps, burst } = given.clientConnection ?? {};
  return {
    kubeconfig: kubeconfig ?? '',
    acceptContentTypes: acceptContentTypes ?? '',
    contentType: textOr(contentType, 'application/vnd.kubernetes.protobuf'),
    qps: numberOr('clientConnection.qps', qps, 5),
    burst: numberOr('clientConnection.burst', burst, 10),
  };
}

function loggingOf(given: GivenConfiguration, numberOr: NumberOr): Configuration['logging'] {
  const { format, flushFrequency, verbosity, vmodule, options } = given.logging ?? {};
  return {
    format: textOr(format, 'text'),
    flushFrequency: numberOr('logging.flushFrequency', flushFrequency, 5 * SECOND),
    verbosity: verbosity ?? 0,
    vmodule: (vmodule ?? []).map((item) => ({ ...item, verbosity: item.verbosity ?? 0 })),
    options: { text: outputRoutingOf(options?.text), json: outputRoutingOf(options?.json) },
  };
}

type GivenOptions = NonNullable<NonNullable<GivenConfiguration['logging']>['options']>;

function outputRoutingOf(given: GivenOptions['text']) {
  return { splitStream: given?.splitStream ?? false, infoBufferSize: given?.infoBufferSize ?? '0' };
}

function ipvsOf(given: GivenConfiguration, numberOr: NumberOr): Configuration['ipvs'] {
  const ipvs = given.ipvs ?? {};
  return {
    syncPeriod: numberOr('ipvs.syncPeriod', ipvs.syncPeriod, 30 * SECOND),
    minSyncPeriod: ipvs.minSyncPeriod ?? 0,
    scheduler: ipvs.scheduler ?? '',
    excludeCIDRs: ipvs.excludeCIDRs ?? [],
    strictARP: ipvs.strictARP ?? false,
    tcpTimeout: ipvs.tcpTimeout ?? 0,
    tcpFinTimeout: ipvs.tcpFinTimeout ?? 0,
    udpTimeout: ipvs.udpTimeout ?? 0,
  };
}

function winkernelOf(given: GivenConfiguration): Configuration['winkernel'] {
  const winkernel = given.winkernel ?? {};
  return {
    networkName: winkernel.networkName ?? '',
    sourceVip: winkernel.sourceVip ?? '',
    enableDSR: winkernel.enableDSR ?? false,
    rootHnsEndpointName: winkernel.rootHnsEndpointName ?? '',
    forwardHealthCheckVip: winkernel.forwardHealthCheckVip ?? false,
  };
}

/** The time-outs of TCP have a default, so only an explicit 0 leaves the kernel's value. */
function conntrackOf(given: GivenConfiguration): Configuration['conntrack'] {
  const conntrack = given.conntrack ?? {};
  return {
    maxPerCore: conntrack.maxPerCore ?? 32 * 1024,
    min: conntrack.min ?? 128 * 1024,
    tcpEstablishedTimeout: conntrack.tcpEstablishedTimeout ?? 24 * HOUR,
    tcpCloseWaitTimeout: conntrack.tcpCloseWaitTimeout ?? HOUR,
    tcpBeLiberal: conntrack.tcpBeLiberal ?? false,
    udpTimeout: conntrack.udpTimeout ?? 0,
    udpStreamTimeout: conntrack.udpStreamTimeout ?? 0,
  };
}
