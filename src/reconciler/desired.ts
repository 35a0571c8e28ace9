import type { Layout } from '../chains/layout.ts';
import { compareText } from '../routing/endpoints.ts';
import type { NodeView } from '../routing/node-view.ts';
import { serviceRoutes, type ServiceRoutes } from '../routing/routes.ts';
import type { ClusterStore } from './store.ts';

/** What a full sync brings about. */
export interface Desired {
  readonly services: readonly ServiceRoutes[];
  readonly view: NodeView;
  readonly layout: Layout;
}

export function desiredNow(store: ClusterStore, view: NodeView, layout: Layout): Desired {
  const services = [...store.services.keys()].sort(compareText).map((key) => routesOf(store, key, view));
  return { services: services.filter((service) => service !== undefined), view, layout };
}

/** undefined for a service that is gone, or that the proxy does not serve. */
export function routesOf(store: ClusterStore, key: string, view: NodeView): ServiceRoutes | undefined {
  const service = store.services.get(key);
  return service && serviceRoutes(service, store.slicesOf(key), view);
}
