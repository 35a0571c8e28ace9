import { commentOrder } from '../chains/comment-order.ts';
import { styleAt } from '../chains/comment-style.ts';
import { NO_BORDER, placeOf, type CommentBorder, type Place } from '../chains/comments.ts';
import type { StyledService } from '../chains/dispatch-tree.ts';
import type { Layout } from '../chains/layout.ts';
import type { Delta, Growth } from '../iptables/delta.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { appliedRules } from './applied-rules.ts';

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
  readonly delta: Delta;
  /** How many rules more there will be. */
  readonly growth: Growth;
  /** The kernel has it now. */
  readonly accept: () => void;
  /** The kernel does not have it, and will not. */
  readonly reject: () => void;
}

/** One service before and after. */
export interface Version {
  readonly before: StyledService | undefined;
  readonly after: StyledService | undefined;
}

export interface AppliedOptions {
  readonly layout: Layout;
  readonly view: NodeView;
  /** Services whose older chains the kernel keeps, while dispatch rules lead to them all the same. */
  readonly kept?: readonly ServiceRoutes[];
}

export function appliedServices(
  initial: readonly ServiceRoutes[],
  { layout, view, kept = [] }: AppliedOptions,
): Applied {
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
  for (const routes of [...initial, ...kept]) setPlace(routes);
  const borderNow = (): CommentBorder => (layout.comments === 'auto' ? order.border() : NO_BORDER);
  let border = borderNow();

  const styled = (service: ServiceRoutes, at: CommentBorder): StyledService => ({
    service,
    style: styleAt(placeOf(service), at, layout.name, layout.comments),
  });
  const rules = appliedRules(
    [...initial, ...kept].map((service) => styled(service, border)),
    layout.name,
    view,
  );

  const replace = (from: ServiceRoutes | undefined, to: ServiceRoutes | undefined): void => {
    if (from !== undefined) clearPlace(from);
    if (to !== undefined) setPlace(to);
  };

  const propose = (next: ReadonlyMap<string, ServiceRoutes | undefined>): Proposal => {
    const changes = [...next].map(([service, to]) => ({ service, from: services.get(service), to }));
    for (const { from, to } of changes) replace(from, to);
    const before = border;
    const after = borderNow();
    const recommented = order
      .between(before, after)
      .map((place) => places.get(place) ?? '')
      .filter((service) => !next.has(service))
      .map((service) => ({ from: services.get(service), to: services.get(service) }));
    const { delta, growth, accept } = rules.change(
      [...changes, ...recommented].map(({ from, to }) => ({
        before: from && styled(from, before),
        after: to && styled(to, after),
      })),
    );
    return {
      delta,
      growth,
      accept: () => {
        accept();
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
