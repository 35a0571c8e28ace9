import type { Cluster, EndpointSlice } from '../model/objects.ts';

/** The slices whose service is there: nothing leads to the endpoints of others. */
export function servedSlices({ services, slices }: Cluster): readonly EndpointSlice[] {
  const served = new Set(services.map(({ namespace, name }) => `${namespace}/${name}`));
  return slices.filter(({ namespace, serviceName }) => served.has(`${namespace}/${serviceName}`));
}
