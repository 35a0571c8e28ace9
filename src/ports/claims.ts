import { healthCheckOf } from '../health/health-check.ts';
import type { Cluster, Protocol, TrafficPolicy } from '../model/objects.ts';
import type { Family } from '../net/address.ts';
import { compareText } from '../routing/endpoints.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import { clusterRoutes, serviceKey } from '../routing/routes.ts';
import type { PortFamily } from './schema.ts';

/** A node port that a service wants, for its traffic or for the health checks of a load balancer. */
export interface Claim {
  readonly port: number;
  readonly protocol: Protocol;
  readonly use: 'traffic' | 'healthChecks';
  /** `namespace/name`, or `namespace/name:port`. */
  readonly service: string;
  readonly policy: TrafficPolicy;
  /** IPv4 first. */
  readonly families: readonly FamilyClaim[];
}

/** What becomes of a port's traffic in one family. */
export type FamilyClaim = Pick<PortFamily, 'family' | 'fate' | 'endpoints'>;

/**
 * Every node port that the cluster's services want of this node, by port, protocol and service.
 *
 * @param views of the families to look at
 */
export function claimsOf(cluster: Cluster, views: readonly NodeView[]): readonly Claim[] {
  const ofFamilies = views.flatMap((view) => [
    ...trafficClaims(cluster, view),
    ...healthCheckClaims(cluster, view),
  ]);
  const grouped = Map.groupBy(ofFamilies, ({ port, protocol, service, use }) =>
    [port, protocol, service, use].join(' '),
  );
  return [...grouped.values()]
    .flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [{ ...first, families: [first, ...others].flatMap(({ families }) => families) }],
    )
    .sort(byPort);
}

function trafficClaims(cluster: Cluster, view: NodeView): readonly Claim[] {
  return clusterRoutes(cluster, view)
    .flatMap(({ routes }) => routes)
    .flatMap((route): readonly Claim[] => {
      const { nodePort, protocol, label, externalPolicy } = route;
      if (nodePort === undefined) return [];
      const families = [{ family: view.family, fate: fateOf(route), endpoints: endpointCounts(route) }];
      return [{ port: nodePort, protocol, use: 'traffic', service: label, policy: externalPolicy, families }];
    });
}

/** As the rules of the dispatch chains decide, see `externalRefusalRules`. */
function fateOf({ externalPolicy, endpoints }: Route): PortFamily['fate'] {
  if (!endpoints.anywhere) return 'refused';
  return externalPolicy === 'Local' && endpoints.local.length === 0 ? 'dropped' : 'forwarded';
}

/** Under policy Local pods and the node itself still reach the endpoints of other nodes. */
function endpointCounts({ externalPolicy, endpoints }: Route): FamilyClaim['endpoints'] {
  if (externalPolicy === 'Local') return { local: endpoints.local.length, total: endpoints.reachable.length };
  const { cluster } = endpoints;
  return { local: cluster.filter(({ local }) => local).length, total: cluster.length };
}

function healthCheckClaims({ services, slices }: Cluster, view: NodeView): readonly Claim[] {
  const slicesOf = Map.groupBy(slices, ({ namespace, serviceName }) => `${namespace}/${serviceName}`);
  return services.flatMap((service): readonly Claim[] => {
    const key = serviceKey(service);
    const check = healthCheckOf(service, slicesOf.get(key) ?? [], view);
    if (check === undefined) return [];
    const { port, localEndpoints } = check;
    const family: FamilyClaim = {
      family: view.family,
      fate: localEndpoints > 0 ? 'healthy' : 'unhealthy',
      endpoints: { local: localEndpoints, total: null },
    };
    return [
      { port, protocol: 'tcp', use: 'healthChecks', service: key, policy: 'Local', families: [family] },
    ];
  });
}

function byPort(a: Claim, b: Claim): number {
  return (
    a.port - b.port ||
    compareText(a.protocol, b.protocol) ||
    compareText(a.service, b.service) ||
    compareText(b.use, a.use)
  );
}

/** What claims are in the terms of routes, for those who look at these. */
export function asRoutes(claims: readonly Claim[]): readonly {
  readonly family: Family;
  readonly protocol: Protocol;
  readonly nodePort: number;
  readonly healthCheckNodePort: undefined;
  readonly label: string;
}[] {
  return claims.flatMap(({ port, protocol, service, families }) =>
    families.map(({ family }) => ({
      family,
      protocol,
      nodePort: port,
      healthCheckNodePort: undefined,
      label: service,
    })),
  );
}
