import type { Protocol } from '../../model/objects.ts';
import type { Address } from '../../net/address.ts';
import type { Route } from '../../routing/route.ts';

/** One way into a service port. */
export type EntryKind = 'clusterIP' | 'externalIP' | 'loadBalancerIP' | 'nodePort';

/** A service port's claim to what is sent to an address and port. */
export interface Claim {
  readonly kind: EntryKind;
  readonly route: Route;
}

/** Who claims what, of all services of one family. */
export interface Claims {
  /** Cluster, external and load-balancer IPs. */
  readonly atAddress: (protocol: Protocol, address: Address, port: number) => readonly Claim[];
  /** Node ports, whatever the address. */
  readonly atNodePort: (protocol: Protocol, port: number) => readonly Claim[];
  readonly isHealthCheckPort: (port: number) => boolean;
  /** Addresses and ports that more than one service port claims, in the order of their finding. */
  readonly conflicts: () => readonly Conflict[];
}

/** Which of them gets the traffic is left to chance, in kube-proxy too. */
export interface Conflict {
  readonly protocol: Protocol;
  /** undefined for a node port. */
  readonly address: Address | undefined;
  readonly port: number;
  /** `namespace/name`, or `namespace/name:port`. */
  readonly services: readonly string[];
}

const NOBODY: readonly Claim[] = [];

export function claimsOf(routes: Iterable<Route>): Claims {
  const addresses = new Map<string, readonly Claim[]>();
  const nodePorts = new Map<string, readonly Claim[]>();
  const healthChecks = new Set<number>();
  for (const route of routes) {
    const { protocol, port, clusterIP, externalIPs, loadBalancerIPs } = route;
    const claimAddress = (kind: EntryKind, address: Address): void =>
      add(addresses, addressKey(protocol, address, port), { kind, route });
    if (clusterIP !== undefined) claimAddress('clusterIP', clusterIP);
    for (const address of externalIPs) claimAddress('externalIP', address);
    for (const address of loadBalancerIPs) claimAddress('loadBalancerIP', address);
    if (route.nodePort !== undefined) {
      add(nodePorts, portKey(protocol, route.nodePort), { kind: 'nodePort', route });
    }
    if (route.healthCheckNodePort !== undefined) healthChecks.add(route.healthCheckNodePort);
  }
  return {
    atAddress: (protocol, address, port) => addresses.get(addressKey(protocol, address, port)) ?? NOBODY,
    atNodePort: (protocol, port) => nodePorts.get(portKey(protocol, port)) ?? NOBODY,
    isHealthCheckPort: (port) => healthChecks.has(port),
    conflicts: () => [...conflictsIn(addresses, true), ...conflictsIn(nodePorts, false)],
  };
}

function addressKey(protocol: Protocol, address: Address, port: number): string {
  return `${protocol} ${port} ${address}`;
}

function portKey(protocol: Protocol, port: number): string {
  return `${protocol} ${port}`;
}

function add(claims: Map<string, readonly Claim[]>, key: string, claim: Claim): void {
  const others = claims.get(key);
  claims.set(key, others === undefined ? [claim] : [...others, claim]);
}

function conflictsIn(
  claims: ReadonlyMap<string, readonly Claim[]>,
  ofAddresses: boolean,
): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [key, rivals] of claims) {
    const services = new Set(rivals.map(({ route }) => route.label));
    const [first] = rivals;
    if (services.size < 2 || first === undefined) continue;
    const { protocol, port, nodePort } = first.route;
    conflicts.push({
      protocol,
      address: ofAddresses ? (key.split(' ')[2] as Address) : undefined,
      port: ofAddresses ? port : (nodePort ?? port),
      services: [...services],
    });
  }
  return conflicts;
}
