import { toBigInt } from '../net/address.ts';
import { compareText } from '../routing/endpoints.ts';
import type { ServiceRoutes } from '../routing/routes.ts';

/** Past this many endpoints kube-proxy leaves out the comments of their rules. */
export const LARGE_CLUSTER_ENDPOINTS = 1000;

/**
 * The services whose endpoints' rules carry comments: all in a small cluster, and in a large one those
 * that hold its first 1,000 endpoints, counted in the order of cluster IPs.
 *
 * kube-proxy stops writing comments once a cluster has grown past 1,000 endpoints and lets those stand
 * that it wrote before, so that what is in the kernel depends on what came first. Here it depends on
 * the cluster alone, and a change moves the border by a service at most, not all comments at once.
 */
export function servicesWithComments(services: readonly ServiceRoutes[]): ReadonlySet<ServiceRoutes> {
  const total = services.reduce((sum, { endpointCount }) => sum + endpointCount, 0);
  if (total <= LARGE_CLUSTER_ENDPOINTS) return new Set(services);
  const commented = new Set<ServiceRoutes>();
  let counted = 0;
  for (const service of inOrderOfClusterIP(services)) {
    counted += service.endpointCount;
    if (counted > LARGE_CLUSTER_ENDPOINTS) break;
    commented.add(service);
  }
  return commented;
}

function inOrderOfClusterIP(services: readonly ServiceRoutes[]): readonly ServiceRoutes[] {
  const last = 1n << 128n;
  return services
    .map((service) => ({
      service,
      address: service.clusterIP === undefined ? last : toBigInt(service.clusterIP),
    }))
    .sort((a, b) => {
      if (a.address !== b.address) return a.address < b.address ? -1 : 1;
      return compareText(a.service.service, b.service.service);
    })
    .map(({ service }) => service);
}
