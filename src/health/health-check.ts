import type { EndpointSlice, Service } from '../model/objects.ts';
import { familyOf, type Address } from '../net/address.ts';
import { mergeSlices } from '../routing/endpoints.ts';
import type { NodeView } from '../routing/node-view.ts';

/** What a service's health-check node port has to say. */
export interface HealthCheck {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /**
   * Addresses on this node that are ready, each once however many ports it serves; those of ports that the
   * service does not have count too, or a port that is renamed would send the load balancer away.
   */
  readonly localEndpoints: number;
}

/**
 * Only a load balancer that wants to spare nodes without endpoints has such a port; undefined for any
 * other service, and for one that the proxy does not serve in this family. Endpoints that still serve
 * while they terminate do not count: nobody new should be sent to them.
 *
 * Source: NeedsHealthCheck in pkg/api/v1/service/util.go, LocalReadyEndpoints in
 * pkg/proxy/endpointschangetracker.go.
 *
 * @param slices those of this service, of any family
 */
export function healthCheckOf(
  service: Service,
  slices: readonly EndpointSlice[],
  view: Pick<NodeView, 'family' | 'name'>,
): HealthCheck | undefined {
  const { namespace, name, healthCheckNodePort: port } = service;
  if (port === undefined || service.type !== 'LoadBalancer') return undefined;
  if (service.externalTrafficPolicy !== 'Local' || service.headless || service.servedByOther)
    return undefined;
  if (!service.clusterIPs.some((address) => familyOf(address) === view.family)) return undefined;
  const ready = new Set<Address>();
  for (const endpoints of mergeSlices(slices, view.family, view.name).values()) {
    for (const endpoint of endpoints) if (endpoint.local && endpoint.ready) ready.add(endpoint.address);
  }
  return { namespace, name, port, localEndpoints: ready.size };
}
