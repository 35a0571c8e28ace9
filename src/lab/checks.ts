import { claimsOf, type Claim, type Claims } from '../inspect/check/claims.ts';
import { familyOf, type Address, type Family } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { expect, type Destination, type Expectation, type Source } from './expectation.ts';
import { firstOf } from './machines.ts';
import type { SpokenProtocol } from './protocol.ts';
import { NODE, type Topology } from './topology.ts';

/** Some requests of one kind, and what must become of them. */
export interface Check {
  /** `namespace/name`, with `:port` where the port is named. */
  readonly service: string;
  readonly protocol: SpokenProtocol;
  readonly source: Source;
  readonly destination: Destination;
  readonly expectation: Expectation;
  /** Of other services that claim the same destination: the rule that comes first wins, whosever it is. */
  readonly rivals: readonly Rival[];
}

export interface Rival {
  readonly service: string;
  readonly expectation: Expectation;
}

export interface FamilyRoutes {
  readonly view: NodeView;
  readonly services: readonly ServiceRoutes[];
}

/** Every address of every service port, asked from outside, from the node and from a pod on it. */
export function planChecks(families: readonly FamilyRoutes[], topology: Topology): readonly Check[] {
  return families.flatMap(({ view, services }) => {
    const routes = services.flatMap((service) => service.routes);
    const claims = claimsOf(routes);
    return routes.flatMap((route) => checksOf(route, { view, claims }, topology));
  });
}

interface Context {
  readonly view: NodeView;
  readonly claims: Claims;
}

function checksOf(route: Route, { view, claims }: Context, topology: Topology): readonly Check[] {
  const { label: service, protocol } = route;
  const own = topology.node.addresses;
  if (protocol === 'sctp') return [];
  return destinationsOf(route, topology).flatMap((destination) =>
    sourcesFor(destination, route, topology).flatMap((source) => {
      const expectation = expect(route, view, source, destination, own);
      if (expectation.kind === 'leaves') return [];
      const rivals = rivalsOf(route, destination, claims).map((rival) => ({
        service: rival.route.label,
        expectation: expect(rival.route, view, source, { ...destination, kind: rival.kind }, own),
      }));
      return [{ service, protocol, source, destination, expectation, rivals }];
    }),
  );
}

function rivalsOf(route: Route, { kind, address, port }: Destination, claims: Claims): readonly Claim[] {
  const claimants =
    kind === 'nodePort'
      ? claims.atNodePort(route.protocol, port)
      : claims.atAddress(route.protocol, address, port);
  return claimants.filter((claim) => claim.route !== route);
}

const LOOPBACK = '127.0.0.1' as Address;

function destinationsOf(route: Route, { node }: Topology): readonly Destination[] {
  const { family, port, clusterIP, nodePort, externalIPs, loadBalancerIPs } = route;
  const destinations: Destination[] = [];
  const own = firstOf(family, node.addresses);
  if (nodePort !== undefined && own !== undefined) {
    destinations.push({ kind: 'nodePort', address: own, port: nodePort });
    if (family === 'ipv4') destinations.push({ kind: 'nodePort', address: LOOPBACK, port: nodePort });
  }
  for (const address of externalIPs) destinations.push({ kind: 'externalIP', address, port });
  for (const address of loadBalancerIPs) destinations.push({ kind: 'loadBalancerIP', address, port });
  if (clusterIP !== undefined) destinations.push({ kind: 'clusterIP', address: clusterIP, port });
  return destinations;
}

function sourcesFor(destination: Destination, route: Route, topology: Topology): readonly Source[] {
  const { family } = route;
  if (destination.address === LOOPBACK) return [nodeSource(LOOPBACK)];
  const own = firstOf(family, topology.node.addresses);
  const guarded = destination.kind === 'loadBalancerIP' && route.sourceRanges.length > 0;
  const outside = topology.client.addresses.filter((address) => familyOf(address) === family);
  return [
    ...(guarded ? outside : outside.slice(0, 1)).map(outsideSource),
    ...(own === undefined ? [] : [nodeSource(own)]),
    ...podSources(family, topology),
  ];
}

export function outsideSource(address: Address): Source {
  return { kind: 'outside', address, hostInterface: 'eth0' };
}

export function nodeSource(address: Address): Source {
  return { kind: 'node', address, hostInterface: undefined };
}

/** One pod asks for all: they differ by their addresses only. */
function podSources(family: Family, { pods, bridge }: Topology): readonly Source[] {
  const pod = pods.find(({ on, addresses }) => on === NODE && firstOf(family, addresses) !== undefined);
  const address = firstOf(family, pod?.addresses ?? []);
  if (pod === undefined || address === undefined) return [];
  return [{ kind: 'pod', address, hostInterface: bridge ?? pod.hostInterface }];
}
