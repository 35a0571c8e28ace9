import type { Protocol, TrafficPolicy } from '../model/objects.ts';
import type { Address, Cidr, Family } from '../net/address.ts';

/** Where one service port's packets may go on this node, in one family. All that the chains need. */
export interface Route {
  readonly family: Family;
  readonly namespace: string;
  readonly service: string;
  /** `namespace/name`, or `namespace/name:port` where the port is named. */
  readonly label: string;
  readonly protocol: Protocol;
  /** undefined only for manifests that leave the address to the API server. */
  readonly clusterIP: Address | undefined;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly externalIPs: readonly Address[];
  readonly loadBalancerIPs: readonly Address[];
  /** Who may use the load-balancer addresses; empty is everybody. */
  readonly sourceRanges: readonly Cidr[];
  readonly affinitySeconds: number | undefined;
  readonly internalPolicy: TrafficPolicy;
  readonly externalPolicy: TrafficPolicy;
  readonly healthCheckNodePort: number | undefined;
  readonly endpoints: EndpointChoice;
}

/** An endpoint of one service port. */
export interface Endpoint {
  readonly address: Address;
  readonly port: number;
  /** `address:port`: what orders endpoints and names their chains. */
  readonly text: string;
  /** On this node. */
  readonly local: boolean;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** Which endpoints take which traffic. */
export interface EndpointChoice {
  /** For traffic of policy Cluster; empty where the service has none such. */
  readonly cluster: readonly Endpoint[];
  /** For traffic of policy Local; empty where the service has none such. */
  readonly local: readonly Endpoint[];
  /** All that this node sends traffic to: the union of the two, in order. */
  readonly reachable: readonly Endpoint[];
  /** Whether any endpoint of the cluster can take traffic, be it on another node. */
  readonly anywhere: boolean;
}

/** Whether the service port answers on anything but its cluster IP. */
export function isExternallyAccessible(
  route: Pick<Route, 'nodePort' | 'externalIPs' | 'loadBalancerIPs'>,
): boolean {
  return route.nodePort !== undefined || route.externalIPs.length > 0 || route.loadBalancerIPs.length > 0;
}
