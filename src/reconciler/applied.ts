import { commentOrder } from '../chains/comment-order.ts';
import { hasComments, placeOf, type CommentBorder, type Place } from '../chains/comments.ts';
import { rulesOfService, type ServiceRules } from '../chains/service-rules.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';

/** The services of which the kernel holds the rules, as routes: the rules themselves can be made again. */
export interface Applied {
  readonly get: (service: string) => ServiceRoutes | undefined;
  readonly routes: () => Iterable<Route>;
  readonly size: () => number;
  /** What changing these services means for the rules of each, and of others whose comments come or go. */
  readonly propose: (next: ReadonlyMap<string, ServiceRoutes | undefined>) => Proposal;
}

/** A change that is not in the kernel yet. */
export interface Proposal {
  readonly versions: readonly Version[];
  /** The kernel has it now. */
  readonly accept: () => void;
  /** The kernel does not have it, and will not. */
  readonly reject: () => void;
}

/** One service's rules before and after. */
export interface Version {
  readonly service: string;
  readonly before: ServiceRules | undefined;
  readonly after: ServiceRules | undefined;
}

export function appliedServices(initial: readonly ServiceRoutes[], view: NodeView): Applied {
  const services = new Map(initial.map((routes) => [routes.service, routes]));
  const places = new Map<Place, string>();
  const order = commentOrder();
  const setPlace = (routes: ServiceRoutes): void => {
    const place = placeOf(routes);
    places.set(place, routes.service);
    order.set(place, routes.endpointCount);
  };
  const clearPlace = (routes: ServiceRoutes): void => {
    const place = placeOf(routes);
    places.delete(place);
    order.delete(place);
  };
  for (const routes of initial) setPlace(routes);
  let border = order.border();

  const rules = (routes: ServiceRoutes | undefined, at: CommentBorder): ServiceRules | undefined =>
    routes && rulesOfService(routes, view, hasComments(placeOf(routes), at));

  const replace = (from: ServiceRoutes | undefined, to: ServiceRoutes | undefined): void => {
    if (from !== undefined) clearPlace(from);
    if (to !== undefined) setPlace(to);
  };

  const propose = (next: ReadonlyMap<string, ServiceRoutes | undefined>): Proposal => {
    const changes = [...next].map(([service, to]) => ({ service, from: services.get(service), to }));
    for (const { from, to } of changes) replace(from, to);
    const before = border;
    const after = order.border();
    const recommented = order
      .between(before, after)
      .map((place) => places.get(place))
      .filter((service) => service !== undefined && !next.has(service))
      .map((service) => ({
        service: service ?? '',
        from: services.get(service ?? ''),
        to: services.get(service ?? ''),
      }));
    const versions = [...changes, ...recommented].map(({ service, from, to }) => ({
      service,
      before: rules(from, before),
      after: rules(to, after),
    }));
    return {
      versions,
      accept: () => {
        border = after;
        for (const { service, to } of changes) {
          if (to === undefined) services.delete(service);
          else services.set(service, to);
        }
      },
      reject: () => {
        for (const { from, to } of changes) replace(to, from);
      },
    };
  };

  return {
    get: (service) => services.get(service),
    *routes() {
      for (const { routes } of services.values()) yield* routes;
    },
    size: () => services.size,
    propose,
  };
}
