import type { EndpointSlice, Service, SliceEndpoint } from '../../src/model/objects.ts';

/* Objects of which nothing is asked but what is said. */

const NAMESPACE = 'default';

/** A ClusterIP service without an address or a port. */
export function plainService(fields: Partial<Service> & Pick<Service, 'name'>): Service {
  return {
    namespace: NAMESPACE,
    type: 'ClusterIP',
    headless: false,
    servedByOther: false,
    clusterIPs: [],
    families: ['ipv4'],
    ports: [],
    externalIPs: [],
    loadBalancerVIPs: [],
    loadBalancerSourceRanges: [],
    affinitySeconds: undefined,
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    healthCheckNodePort: undefined,
    ...fields,
  };
}

/** The only slice of a service. */
export function plainSlice(
  fields: Partial<EndpointSlice> & Pick<EndpointSlice, 'serviceName' | 'ports' | 'endpoints'>,
): EndpointSlice {
  return {
    namespace: NAMESPACE,
    name: `${fields.serviceName}-a`,
    family: 'ipv4',
    changedAt: undefined,
    ...fields,
  };
}

/** An endpoint that serves. */
export function readyEndpoint({
  address,
  nodeName,
}: Pick<SliceEndpoint, 'address' | 'nodeName'>): SliceEndpoint {
  return {
    address,
    nodeName,
    ready: true,
    serving: true,
    terminating: false,
    zoneHints: [],
    nodeHints: [],
  };
}
