import { commentOrder } from '../chains/comment-order.ts';
import { styleAt, type StyledService } from '../chains/comment-style.ts';
import { NO_BORDER, placeOf, serviceAt, type CommentBorder } from '../chains/comments.ts';
import type { Layout } from '../chains/layout.ts';
import type { Ruleset } from '../chains/rule.ts';
import type { Delta, Growth } from '../iptables/delta.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import type { MadeRules } from '../verify/made-rules.ts';
import { appliedRules } from './applied-rules.ts';
import type { LastHand } from './last-hand.ts';
import { compareText } from '../routing/endpoints.ts';

/** The services of which the kernel holds the rules, as routes: the rules themselves can be made again. */
export interface Applied {
  readonly get: (service: string) => ServiceRoutes | undefined;
  readonly routes: () => Iterable<Route>;
  readonly size: () => number;
  /** What the kernel should hold of one of these services. */
  readonly rulesOf: (service: ServiceRoutes) => MadeRules;
  /** All rules that the kernel should hold. */
  readonly ruleset: () => Ruleset;
  /** What changing these services means for the rules of each, and of others whose comments come or go. */
  readonly propose: (next: ReadonlyMap<string, ServiceRoutes | undefined>) => Proposal;
}

/** A change that is not in the kernel yet. */
export interface Proposal {
  readonly delta: Delta;
  /** How many rules more there will be. */
  readonly growth: Growth;
  /** What the kernel will hold of one of the services that change. */
  readonly rulesOf: (service: ServiceRoutes) => MadeRules;
  /** The kernel has it now. */
  readonly accept: () => void;
  /** The kernel does not have it, and will not. */
  readonly reject: () => void;
}

export interface AppliedOptions {
  readonly layout: Layout;
  readonly view: NodeView;
  /** Services whose older chains the kernel keeps, while dispatch rules lead to them all the same. */
  readonly kept?: readonly ServiceRoutes[];
  readonly hand?: LastHand | undefined;
}

export function appliedServices(
  initial: readonly ServiceRoutes[],
  { layout, view, kept = [], hand }: AppliedOptions,
): Applied {
  const services = new Map(initial.map((routes) => [routes.service, routes]));
  const inKernel = (): readonly ServiceRoutes[] => {
    const known = [...services.values()];
    if (kept.length === 0) return known;
    return [...known, ...kept].sort((a, b) => compareText(a.service, b.service));
  };
  const order = commentOrder(
    inKernel().map((routes) => ({ place: placeOf(routes), endpointCount: routes.endpointCount })),
  );
  const borderNow = (): CommentBorder => (layout.comments === 'auto' ? order.border() : NO_BORDER);
  let border = borderNow();

  const styled = (service: ServiceRoutes, at: CommentBorder): StyledService => ({
    service,
    style: styleAt(placeOf(service), at, layout.name, layout.comments),
  });
  const styledNow = (): readonly StyledService[] => inKernel().map((service) => styled(service, border));
  const rules = appliedRules(styledNow(), layout.name, view, hand);

  const replace = (from: ServiceRoutes | undefined, to: ServiceRoutes | undefined): void => {
    if (from !== undefined) order.delete(placeOf(from));
    if (to !== undefined) order.set(placeOf(to), to.endpointCount);
  };

  const propose = (next: ReadonlyMap<string, ServiceRoutes | undefined>): Proposal => {
    const changes = [...next].map(([service, to]) => ({ service, from: services.get(service), to }));
    for (const { from, to } of changes) replace(from, to);
    const before = border;
    const after = borderNow();
    const recommented = order
      .between(before, after)
      .map(serviceAt)
      .filter((service) => !next.has(service))
      .map((service) => ({ from: services.get(service), to: services.get(service) }));
    const { delta, growth, rulesOf, accept } = rules.change(
      [...changes, ...recommented].map(({ from, to }) => ({
        before: from && styled(from, before),
        after: to && styled(to, after),
      })),
    );
    return {
      delta,
      growth,
      rulesOf: (service) => rulesOf(styled(service, after)),
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
    rulesOf: (service) => rules.rulesOf(styled(service, border)),
    ruleset: () => rules.ruleset(styledNow()),
    propose,
  };
}
