import { DEFAULT_LAYOUT, rulesetOf, type Layout } from '../chains/layout.ts';
import { rulesOfService } from '../chains/service-rules.ts';
import { carryOut } from '../iptables/applier.ts';
import type { Backend } from '../iptables/backend.ts';
import { deltaLines, isEmptyDelta, sumGrowth, type Growth } from '../iptables/delta.ts';
import { isNothingToDo, plan, planCounts, ruleCounts, type Plan } from '../iptables/plan.ts';
import { restore, RestoreError } from '../iptables/restore.ts';
import { readSnapshot, type Snapshot } from '../iptables/snapshot.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import { compareText } from '../routing/endpoints.ts';
import { serviceRoutes, type ServiceRoutes } from '../routing/routes.ts';
import { appliedServices, type Applied } from './applied.ts';
import { refusedServices } from './isolate.ts';
import type { FullReason, SyncObserver } from './observer.ts';
import { damage, deltaCounts } from './sync-report.ts';
import type { ClusterStore } from './store.ts';

/** Past so many services at once comparing with the kernel is cheaper than a long delta. */
const MOST_DELTA_SERVICES = 500;

/** Keeps one family's rules in the kernel what they should be. Its syncs must not overlap. */
export interface FamilySync {
  /** These services changed. */
  readonly touch: (services: Iterable<string>) => void;
  /** Has the next sync go through everything. */
  readonly invalidate: (reason: FullReason) => void;
  /** Something changed, or this node is not what it was. */
  readonly isPending: () => boolean;
  readonly pendingServices: () => number;
  /** The next sync goes through everything. */
  readonly isFull: () => boolean;
  /** Brings what is pending into the kernel; throws what it could not, and it stays pending. */
  readonly sync: () => Promise<void>;
  /** The routes of which the kernel holds the rules. */
  readonly routes: () => Iterable<Route>;
}

export interface FamilySyncOptions {
  readonly backend: Backend;
  readonly store: ClusterStore;
  /** This node as it is now; asked for at each full sync. */
  readonly view: () => NodeView;
  /** The layout as it should be now; another one is brought in by a full sync. By default classic. */
  readonly layout?: () => Layout;
  readonly observer: SyncObserver;
  /** Seconds, from any fixed point. */
  readonly clock: () => number;
}

export function familySync({
  backend,
  store,
  view: currentView,
  layout: currentLayout = () => DEFAULT_LAYOUT,
  observer,
  clock,
}: FamilySyncOptions): FamilySync {
  const { family } = backend;
  let touched = new Set<string>();
  let full: FullReason | undefined = 'start';
  let view = currentView();
  let layout = currentLayout();
  let applied: Applied = appliedServices([], { layout, view });
  let rules: Growth = { filter: 0, nat: 0 };
  let isolated: ReadonlyMap<string, Error> = new Map();

  const routesOf = (key: string): ServiceRoutes | undefined => {
    const service = store.services.get(key);
    return service && serviceRoutes(service, store.slicesOf(key), view);
  };

  async function sync(): Promise<void> {
    const services = touched;
    touched = new Set();
    if (full !== 'start' && !isSame(layout, currentLayout())) full = 'layout';
    if (full === undefined && !isSame(view, currentView())) full = 'node';
    if (full === undefined && needsFull(services)) full = 'change';
    if (full === undefined) {
      try {
        await deltaSync(services);
        return;
      } catch (error) {
        observer.onFailed(family, 'delta', error as Error);
        full = 'failure';
      }
    }
    const reason = full;
    full = undefined;
    try {
      await fullSync(reason, services.size === 0);
    } catch (error) {
      for (const service of services) touched.add(service);
      full = reason === 'start' ? 'start' : 'failure';
      observer.onFailed(family, 'full', error as Error);
      throw error;
    }
  }

  function needsFull(services: ReadonlySet<string>): boolean {
    if (services.size > MOST_DELTA_SERVICES) return true;
    return [...services].some((service) => isolated.has(service));
  }

  async function deltaSync(services: ReadonlySet<string>): Promise<void> {
    const start = clock();
    const proposal = applied.propose(new Map([...services].map((service) => [service, routesOf(service)])));
    const { delta, growth } = proposal;
    if (!isEmptyDelta(delta)) {
      try {
        await restore(backend, () => deltaLines(delta));
      } catch (error) {
        proposal.reject();
        throw error;
      }
    }
    const before = routesOfServices([...services].map(applied.get));
    proposal.accept();
    rules = sumGrowth([rules, growth]);
    observer.onSynced({
      family,
      kind: 'delta',
      reason: 'change',
      seconds: clock() - start,
      counts: deltaCounts(delta),
      rules,
      before,
      after: routesOfServices([...services].map(applied.get)),
      services,
      repaired: undefined,
    });
  }

  async function fullSync(reason: FullReason, nothingChanged: boolean): Promise<void> {
    const start = clock();
    view = currentView();
    layout = currentLayout();
    const desired = [...store.services.keys()]
      .sort(compareText)
      .map(routesOf)
      .filter((service) => service !== undefined);
    const before = [...applied.routes()];
    const { changes, served } = await bringAbout(desired);
    const counts = planCounts(changes);
    rules = ruleCounts(changes);
    applied = appliedServices(
      desired.filter(({ service }) => !isolated.has(service)),
      { layout, view, kept: served.filter(({ service }) => isolated.has(service)) },
    );
    observer.onSynced({
      family,
      kind: 'full',
      reason,
      seconds: clock() - start,
      counts,
      rules,
      before,
      after: [...applied.routes()],
      services: undefined,
      repaired: nothingChanged ? damage(reason, changes) : undefined,
    });
  }

  /** Makes the kernel hold these services' rules; those that it refuses are set aside, not in the way. */
  async function bringAbout(desired: readonly ServiceRoutes[]): Promise<Outcome> {
    const ruleset = rulesetOf(layout, desired, view);
    const changes = plan(ruleset, await readSnapshot(backend));
    try {
      if (!isNothingToDo(changes)) await carryOut(changes, backend);
      setIsolated(new Map());
      return { changes, served: desired };
    } catch (error) {
      if (!(error instanceof RestoreError)) throw error;
      const refused = await refusedServices(changes, backend);
      if (refused.size === 0) throw error;
      setIsolated(refused);
      return await bringAboutWithout(desired, new Set(refused.keys()));
    }
  }

  async function bringAboutWithout(
    desired: readonly ServiceRoutes[],
    refused: ReadonlySet<string>,
  ): Promise<Outcome> {
    const snapshot = await readSnapshot(backend);
    const served = desired.filter(
      (service) => !refused.has(service.service) || isServed(service, view, snapshot),
    );
    const changes = plan(rulesetOf(layout, served, view), snapshot, refused);
    await carryOut(changes, backend);
    return { changes, served };
  }

  function setIsolated(services: ReadonlyMap<string, Error>): void {
    const same =
      services.size === isolated.size && [...services.keys()].every((service) => isolated.has(service));
    isolated = services;
    if (!same) observer.onIsolated(family, services);
  }

  return {
    touch: (services) => {
      for (const service of services) touched.add(service);
    },
    invalidate: (reason) => (full ??= reason),
    isPending: () =>
      full !== undefined ||
      touched.size > 0 ||
      !isSame(view, currentView()) ||
      !isSame(layout, currentLayout()),
    pendingServices: () => touched.size,
    isFull: () => full !== undefined,
    sync,
    routes: () => applied.routes(),
  };
}

/** A full sync that succeeded. */
interface Outcome {
  readonly changes: Plan;
  /** The services that dispatch rules lead to, be it to chains of an older version. */
  readonly served: readonly ServiceRoutes[];
}

/** Both are plain data. */
function isSame<Value extends NodeView | Layout>(one: Value, other: Value): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The kernel has older chains of all that the service's dispatch rules lead to. */
function isServed(service: ServiceRoutes, view: NodeView, snapshot: Snapshot): boolean {
  return rulesOfService(service, view, 'first').dispatch.every(({ rule }) => {
    const target = rule.target?.kind === 'jump' ? rule.target.chain : undefined;
    return target === undefined || snapshot.nat.chains.has(target);
  });
}

function routesOfServices(services: readonly (ServiceRoutes | undefined)[]): readonly Route[] {
  return services.flatMap((service) => service?.routes ?? []);
}
