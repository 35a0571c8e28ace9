import type { Milliseconds } from '../model/settings.ts';

export const API_VERSION = 'kubeproxy.config.k8s.io/v1alpha1';
export const KIND = 'KubeProxyConfiguration';

/** Modes that mean something to kube-proxy on Linux; chainwright writes iptables rules in each. */
export type ProxyMode = 'iptables' | 'ipvs' | 'nftables';

export type DetectLocalMode = 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix';

/**
 * A whole KubeProxyConfiguration (v1alpha1), flags applied and defaults filled in, in the shape of the
 * API: what `/configz` shows. Durations are in milliseconds; texts are as they were written.
 */
export interface Configuration {
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly clientConnection: {
    readonly kubeconfig: string;
    readonly acceptContentTypes: string;
    readonly contentType: string;
    /** Queries a second; negative lifts the limit. */
    readonly qps: number;
    readonly burst: number;
  };
  readonly logging: LoggingConfiguration;
  readonly hostnameOverride: string;
  readonly bindAddress: string;
  /** Empty: none is served. */
  readonly healthzBindAddress: string;
  readonly metricsBindAddress: string;
  readonly bindAddressHardFail: boolean;
  readonly enableProfiling: boolean;
  readonly showHiddenMetricsForVersion: string;
  readonly mode: ProxyMode;
  readonly iptables: NetfilterSection & { readonly localhostNodePorts: boolean };
  readonly ipvs: IpvsSection;
  readonly nftables: NetfilterSection;
  readonly winkernel: {
    readonly networkName: string;
    readonly sourceVip: string;
    readonly enableDSR: boolean;
    readonly rootHnsEndpointName: string;
    readonly forwardHealthCheckVip: boolean;
  };
  readonly detectLocalMode: DetectLocalMode;
  readonly detectLocal: { readonly bridgeInterface: string; readonly interfaceNamePrefix: string };
  /** Networks separated by commas; read only where detectLocalMode is ClusterCIDR. */
  readonly clusterCIDR: string;
  readonly nodePortAddresses: readonly string[];
  /** From -1000 to 1000. */
  readonly oomScoreAdj: number;
  readonly conntrack: {
    readonly maxPerCore: number;
    readonly min: number;
    readonly tcpEstablishedTimeout: Milliseconds;
    readonly tcpCloseWaitTimeout: Milliseconds;
    readonly tcpBeLiberal: boolean;
    readonly udpTimeout: Milliseconds;
    readonly udpStreamTimeout: Milliseconds;
  };
  readonly configSyncPeriod: Milliseconds;
  readonly portRange: string;
  readonly windowsRunAsService: boolean;
}

export interface NetfilterSection {
  readonly masqueradeBit: number;
  readonly masqueradeAll: boolean;
  readonly syncPeriod: Milliseconds;
  readonly minSyncPeriod: Milliseconds;
}

export interface IpvsSection {
  readonly syncPeriod: Milliseconds;
  readonly minSyncPeriod: Milliseconds;
  readonly scheduler: string;
  readonly excludeCIDRs: readonly string[];
  readonly strictARP: boolean;
  readonly tcpTimeout: Milliseconds;
  readonly tcpFinTimeout: Milliseconds;
  readonly udpTimeout: Milliseconds;
}

export interface LoggingConfiguration {
  readonly format: 'text' | 'json';
  readonly flushFrequency: Milliseconds;
  readonly verbosity: number;
  readonly vmodule: readonly { readonly filePattern: string; readonly verbosity: number }[];
  readonly options: { readonly text: OutputRouting; readonly json: OutputRouting };
}

export interface OutputRouting {
  readonly splitStream: boolean;
  /** A resource quantity, `64Ki`. */
  readonly infoBufferSize: string;
}
