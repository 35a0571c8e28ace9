import type { Address, Cidr } from '../net/address.ts';

/** How traffic of pods on this node is told from other traffic (kube-proxy's detectLocalMode). */
export type DetectLocal =
  | { readonly mode: 'ClusterCIDR'; readonly clusterCIDRs: readonly Cidr[] }
  | { readonly mode: 'NodeCIDR' }
  | { readonly mode: 'BridgeInterface'; readonly bridgeInterface: string }
  | { readonly mode: 'InterfaceNamePrefix'; readonly interfaceNamePrefix: string };

/** On which of the node's addresses node ports answer; an empty list is all of them. */
export type NodePortAddresses = 'primary' | readonly Cidr[];

/** Milliseconds. */
export type Milliseconds = number;

/** A KubeProxyConfiguration with its defaults filled in, checked, and with flags applied. */
export interface Settings {
  /** undefined: the node's own host name. */
  readonly hostnameOverride: string | undefined;
  readonly bindAddress: Address;
  /** host:port; undefined serves none. */
  readonly healthzBindAddress: string | undefined;
  readonly metricsBindAddress: string;
  readonly bindAddressHardFail: boolean;
  readonly enableProfiling: boolean;
  readonly showHiddenMetricsForVersion: string;
  readonly configSyncPeriod: Milliseconds;
  readonly syncPeriod: Milliseconds;
  readonly minSyncPeriod: Milliseconds;
  readonly masqueradeAll: boolean;
  /** 0 to 31: the bit of the packet mark that asks for masquerading. */
  readonly masqueradeBit: number;
  readonly localhostNodePorts: boolean;
  readonly nodePortAddresses: NodePortAddresses;
  readonly detectLocal: DetectLocal;
  readonly oomScoreAdj: number | undefined;
  readonly conntrack: ConntrackSettings;
  readonly clientConnection: ClientConnection;
  readonly logging: { readonly format: 'text' | 'json'; readonly verbosity: number };
  readonly featureGates: Readonly<Record<string, boolean>>;
}

/** A count of 0 or an undefined time-out leaves the kernel's value. */
export interface ConntrackSettings {
  readonly maxPerCore: number;
  readonly min: number;
  readonly tcpBeLiberal: boolean;
  readonly tcpEstablishedTimeout: Milliseconds;
  readonly tcpCloseWaitTimeout: Milliseconds;
  readonly udpTimeout: Milliseconds;
  readonly udpStreamTimeout: Milliseconds;
}

export interface ClientConnection {
  readonly kubeconfig: string;
  readonly qps: number;
  readonly burst: number;
  readonly acceptContentTypes: string;
  readonly contentType: string;
}
