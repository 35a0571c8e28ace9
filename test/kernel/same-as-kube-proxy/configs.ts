/* The settings that the sequences run under, one after the other. What is said here both proxies read. */

export interface NamedConfig {
  readonly name: string;
  readonly config: WrittenConfig;
}

/** Of a KubeProxyConfiguration, what is not the same in all. */
interface WrittenConfig {
  readonly featureGates?: { readonly AllowServiceExternalIPs: boolean };
  readonly iptables?: object;
  readonly conntrack?: object;
  readonly [field: string]: unknown;
}

const CLUSTER_CIDR = '10.244.0.0/16,fd00:244::/48';

export const CONFIGS: readonly NamedConfig[] = [
  { name: 'the cluster CIDR of both families', config: { clusterCIDR: CLUSTER_CIDR } },
  { name: 'no cluster CIDR', config: {} },
  {
    name: 'pods by the CIDR of the node, node ports on the primary addresses',
    config: { detectLocalMode: 'NodeCIDR', nodePortAddresses: ['primary'] },
  },
  {
    name: 'node ports on some addresses, loopback among them',
    config: {
      clusterCIDR: '10.0.0.0/8',
      nodePortAddresses: ['192.168.0.0/16', '127.0.0.0/8', 'fd00:77::/64', '::1/128'],
    },
  },
  {
    name: 'pods by their bridge, all masqueraded, a high mark',
    config: {
      detectLocalMode: 'BridgeInterface',
      detectLocal: { bridgeInterface: 'cni0' },
      iptables: { masqueradeAll: true, masqueradeBit: 31 },
    },
  },
  {
    name: "pods by their interfaces' prefix, no node ports on localhost, the lowest mark",
    config: {
      detectLocalMode: 'InterfaceNamePrefix',
      detectLocal: { interfaceNamePrefix: 'veth' },
      iptables: { localhostNodePorts: false, masqueradeBit: 0 },
    },
  },
  {
    name: 'node ports on all addresses of one family and on none of the other, liberal connection tracking',
    config: {
      clusterCIDR: 'fd00:244::/48',
      nodePortAddresses: ['0.0.0.0/0', 'fd00:9::/64'],
      conntrack: { tcpBeLiberal: true },
    },
  },
  {
    name: 'node ports on loopback that are not wanted there, a bind address',
    config: {
      clusterCIDR: CLUSTER_CIDR,
      bindAddress: '192.168.77.10',
      nodePortAddresses: ['127.0.0.0/8', '10.9.0.0/16'],
      iptables: { localhostNodePorts: false },
    },
  },
  {
    name: 'no external IPs, an IPv6 bind address',
    config: {
      clusterCIDR: CLUSTER_CIDR,
      bindAddress: 'fd00:77::10',
      featureGates: { AllowServiceExternalIPs: false },
      nodePortAddresses: ['primary'],
    },
  },
  {
    name: 'primary addresses, a name in capital letters',
    config: { clusterCIDR: CLUSTER_CIDR, hostnameOverride: 'Node-A', nodePortAddresses: ['primary'] },
  },
];

/** The whole document. Settings of connection tracking that are not said belong to the host of the test. */
export function configDocument({ config }: NamedConfig, kubeconfig: string): object {
  const { iptables, conntrack, ...others } = config;
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    hostnameOverride: 'node-a',
    oomScoreAdj: 0,
    // The fake server speaks JSON alone.
    clientConnection: { kubeconfig, contentType: 'application/json' },
    ...others,
    iptables: { minSyncPeriod: '10ms', ...iptables },
    conntrack: {
      ...{ maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
      ...conntrack,
    },
  };
}
