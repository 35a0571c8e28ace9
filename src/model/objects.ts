import type { Address, Cidr, Family } from '../net/address.ts';

/** What a rule can match and DNAT; the API's spelling is upper case, iptables' lower case. */
export type Protocol = 'tcp' | 'udp' | 'sctp';

export type TrafficPolicy = 'Cluster' | 'Local';

/** The fields of a v1 Service that decide rules, checked and with the API server's defaults filled in. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** spec.clusterIP is None: clients reach the endpoints directly. */
  readonly headless: boolean;
  /** The label service.kubernetes.io/service-proxy-name: another proxy serves it. */
  readonly servedByOther: boolean;
  /** At most one of each family, the primary first. Empty only where a manifest leaves them to the API server. */
  readonly clusterIPs: readonly Address[];
  /** The families the Service is of, the primary first. */
  readonly families: readonly Family[];
  readonly ports: readonly ServicePort[];
  readonly externalIPs: readonly Address[];
  /** Load-balancer addresses of ipMode VIP; those of ipMode Proxy make no rules. */
  readonly loadBalancerVIPs: readonly Address[];
  /** Those of ipMode Proxy; absent where there are none, as with most services. */
  readonly proxiedLoadBalancerIPs?: readonly Address[];
  readonly loadBalancerSourceRanges: readonly Cidr[];
  /** Session affinity by client IP lasts this long; undefined is no affinity. */
  readonly affinitySeconds: number | undefined;
  readonly externalTrafficPolicy: TrafficPolicy;
  readonly internalTrafficPolicy: TrafficPolicy;
  readonly healthCheckNodePort: number | undefined;
}

export interface ServicePort {
  /** Empty for the single port that may stay unnamed. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number | undefined;
}

/** The fields of a discovery.k8s.io/v1 EndpointSlice that decide rules. */
export interface EndpointSlice {
  readonly namespace: string;
  readonly name: string;
  readonly serviceName: string;
  readonly family: Family;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
  /**
   * When the change that this slice answers to happened, in milliseconds since 1970 (the annotation
   * endpoints.kubernetes.io/last-change-trigger-time); undefined where the slice does not say.
   */
  readonly changedAt: number | undefined;
}

export interface SlicePort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export interface SliceEndpoint {
  /** The first address; kube-proxy reads no other. */
  readonly address: Address;
  readonly nodeName: string | undefined;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** The fields of a v1 Node that decide rules. */
export interface Node {
  readonly name: string;
  /** The label topology.kubernetes.io/zone. */
  readonly zone: string | undefined;
  /** Internal addresses, then external ones. */
  readonly addresses: readonly Address[];
  readonly podCIDRs: readonly Cidr[];
  /** Being deleted, or tainted ToBeDeletedByClusterAutoscaler: load balancers should look elsewhere. */
  readonly leaving: boolean;
}

/** What a cluster says, as far as one node's rules depend on it. */
export interface Cluster {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly nodes: readonly Node[];
}
