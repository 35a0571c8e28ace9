import { familyName } from '../net/family-name.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Family } from '../net/address.ts';
import type { Reconciler } from '../reconciler/reconciler.ts';
import { isExternallyAccessible } from '../routing/route.ts';

/** Gauges that are counted when somebody asks for them, rather than at every sync. */
export function setLazyGauges(
  metrics: Metrics,
  families: readonly Family[],
  { routes, pending }: Pick<Reconciler, 'routes' | 'pending'>,
): void {
  for (const family of families) {
    let internal = 0;
    let external = 0;
    for (const route of routes(family)) {
      if (!route.endpoints.anywhere || route.endpoints.local.length > 0) continue;
      if (route.internalPolicy === 'Local') internal += 1;
      if (route.externalPolicy === 'Local' && isExternallyAccessible(route)) external += 1;
    }
    const ipFamily = familyName(family);
    metrics.noLocalEndpoints.set({ ipFamily, trafficPolicy: 'internal' }, internal);
    metrics.noLocalEndpoints.set({ ipFamily, trafficPolicy: 'external' }, external);
  }
  metrics.serviceChangesPending.set({}, pending());
  metrics.endpointChangesPending.set({}, pending());
}
