import { compactList, compactText } from '../model/compact.ts';
import type { Cluster, EndpointSlice, Service, ServicePort } from '../model/objects.ts';
import { familyOf, prefixLengthOf, type Address, type Cidr, type Family } from '../net/address.ts';
import { chooseEndpoints } from './endpoint-choice.ts';
import { compareText, mergeSlices, portKey, type EndpointsByPort } from './endpoints.ts';
import type { NodeView } from './node-view.ts';
import { isExternallyAccessible, type Route } from './route.ts';

/** The routes of one service, one for each of its ports. */
export interface ServiceRoutes {
  /** `namespace/name`. */
  readonly service: string;
  readonly clusterIP: Address | undefined;
  readonly routes: readonly Route[];
  /** Endpoints of all its ports, whether they take traffic or not: the measure of a large cluster. */
  readonly endpointCount: number;
}

/** A key for what belongs to one service. */
export function serviceKey(object: { readonly namespace: string; readonly name: string }): string {
  return compactText(`${object.namespace}/${object.name}`);
}

/** All routes of a cluster on one node and in one family, services in the order of their names. */
export function clusterRoutes(cluster: Cluster, view: NodeView): readonly ServiceRoutes[] {
  const slicesOf = Map.groupBy(cluster.slices, (slice) => `${slice.namespace}/${slice.serviceName}`);
  return [...cluster.services]
    .sort((a, b) => compareText(serviceKey(a), serviceKey(b)))
    .map((service) => serviceRoutes(service, slicesOf.get(serviceKey(service)) ?? [], view))
    .filter((service) => service !== undefined);
}

/**
 * Whether a service is one for the proxy: not headless, of type ExternalName, or given to another one.
 *
 * Source: ShouldSkipService in pkg/proxy/util/utils.go.
 */
export function isProxied({ headless, type, servedByOther }: Service): boolean {
  return !headless && type !== 'ExternalName' && !servedByOther;
}

/**
 * The routes of one service; undefined where the proxy does not serve it, or not in this family.
 *
 * Source: newBaseServiceInfo in pkg/proxy/serviceport.go.
 */
export function serviceRoutes(
  service: Service,
  slices: readonly EndpointSlice[],
  view: NodeView,
): ServiceRoutes | undefined {
  if (!isProxied(service)) return undefined;
  const clusterIP = service.clusterIPs.find((address) => familyOf(address) === view.family);
  const addressPending = service.clusterIPs.length === 0 && service.families.includes(view.family);
  if (clusterIP === undefined && !addressPending) return undefined;

  const endpoints = mergeSlices(slices, view.family, view.name);
  const ports = [...service.ports].sort((a, b) =>
    compareText(portKey(a.name, a.protocol), portKey(b.name, b.protocol)),
  );
  return {
    service: serviceKey(service),
    clusterIP,
    routes: ports.map((port) => portRoute(service, port, clusterIP, endpoints, view)),
    endpointCount: ports.reduce((sum, port) => sum + endpointsOf(port, endpoints).length, 0),
  };
}

function endpointsOf(port: ServicePort, endpoints: EndpointsByPort) {
  return endpoints.get(portKey(port.name, port.protocol)) ?? [];
}

function portRoute(
  service: Service,
  port: ServicePort,
  clusterIP: Address | undefined,
  endpoints: EndpointsByPort,
  view: NodeView,
): Route {
  const addresses = {
    nodePort: port.nodePort,
    externalIPs: view.externalIPs ? ofFamily(service.externalIPs, view.family) : [],
    loadBalancerIPs: ofFamily(service.loadBalancerVIPs, view.family),
  };
  const external = isExternallyAccessible(addresses);
  const localPolicyApplies = hasExternalLocalPolicy(service);
  const internalLocal = service.internalTrafficPolicy === 'Local';
  const demand = {
    cluster: !internalLocal || external,
    local: internalLocal || (localPolicyApplies && external),
  };
  return {
    family: view.family,
    namespace: service.namespace,
    service: service.name,
    label: compactText(serviceKey(service) + (port.name === '' ? '' : `:${port.name}`)),
    protocol: port.protocol,
    clusterIP,
    port: port.port,
    ...addresses,
    sourceRanges: sourceRanges(service.loadBalancerSourceRanges, view.family),
    affinitySeconds: service.affinitySeconds,
    internalPolicy: service.internalTrafficPolicy,
    externalPolicy: localPolicyApplies ? 'Local' : 'Cluster',
    healthCheckNodePort:
      service.type === 'LoadBalancer' && localPolicyApplies ? service.healthCheckNodePort : undefined,
    endpoints: chooseEndpoints(endpointsOf(port, endpoints), demand, {
      nodeName: view.name,
      zone: view.zone,
    }),
  };
}

/**
 * externalTrafficPolicy means something only for a service that the outside can reach.
 * Source: ExternalPolicyLocal in pkg/api/v1/service/util.go.
 */
function hasExternalLocalPolicy(service: Service): boolean {
  if (service.externalTrafficPolicy !== 'Local') return false;
  return service.type !== 'ClusterIP' || service.externalIPs.length > 0;
}

/** A range of everything is the same as no range at all. */
function sourceRanges(ranges: readonly Cidr[], family: Family): readonly Cidr[] {
  const cidrs = ofFamily(ranges, family);
  return cidrs.some((cidr) => prefixLengthOf(cidr) === 0) ? [] : cidrs;
}

function ofFamily<Value extends Address | Cidr>(values: readonly Value[], family: Family): readonly Value[] {
  return compactList(values.filter((value) => familyOf(value) === family));
}
