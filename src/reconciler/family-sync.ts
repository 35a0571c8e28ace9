import type { LayoutName } from '../chains/layout-choice.ts';
import type { Layout } from '../chains/layout.ts';
import type { Backend } from '../iptables/backend.ts';
import { deltaLines, isEmptyDelta, sumGrowth, type Growth } from '../iptables/delta.ts';
import { planCounts, ruleCounts } from '../iptables/plan.ts';
import { restore } from '../iptables/restore.ts';
import { tuningOf } from '../iptables/sections.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { appliedServices, type Applied } from './applied.ts';
import { batches, MOST_DELTA_SERVICES } from './batches.ts';
import { bringAbout } from './bring-about.ts';
import { desiredNow, routesOf } from './desired.ts';
import { isUrgent, lacksMore } from './full-reasons.ts';
import type { LastHand } from './last-hand.ts';
import type { FullReason, SyncObserver } from './observer.ts';
import { proving, type Verification } from './proving.ts';
import { kernelReader } from './kernel-reader.ts';
import type { Reading } from './read-kernel.ts';
import { haveSameKeys, isSame } from './sameness.ts';
import { damage, deltaCounts, routesOfServices } from './sync-report.ts';
import type { ClusterStore } from './store.ts';

/** Keeps one family's rules in the kernel what they should be. Its syncs must not overlap. */
export interface FamilySync {
  /** These services changed. */
  readonly touch: (services: Iterable<string>) => void;
  /**
   * Has the next sync go through everything.
   *
   * @param mayYield changes that come meanwhile go before, so that it is owed
   */
  readonly invalidate: (reason: FullReason, mayYield?: boolean) => void;
  /** Something changed, or this node is not what it was. */
  readonly isPending: () => boolean;
  /** The kernel lacks something: a change, or what was lost or could not be written, and not only a comparison. */
  readonly isBehind: () => boolean;
  readonly pendingServices: () => number;
  /** The next sync goes through everything. */
  readonly isFull: () => boolean;
  /** Seconds until a comparison is tried that could not be made in time; undefined where none is owed. */
  readonly owedIn: () => number | undefined;
  /** Brings what is pending into the kernel; throws what it could not, and it stays pending. */
  readonly sync: () => Promise<void>;
  /** The routes of which the kernel holds the rules. */
  readonly routes: () => Iterable<Route>;
  /** Of the rules in the kernel, undefined before the first full sync; and as it should be now. */
  readonly layout: () => { readonly inForce: LayoutName | undefined; readonly wanted: LayoutName };
}

export interface FamilySyncOptions {
  readonly backend: Backend;
  readonly store: ClusterStore;
  /** This node as it is now; asked for at each full sync. */
  readonly view: () => NodeView;
  /** The layout as it should be now; another one is brought in by a full sync. */
  readonly layout: () => Layout;
  readonly observer: SyncObserver;
  /** Without it nothing is proven. */
  readonly verification?: Verification | undefined;
  readonly hand?: LastHand | undefined;
  /** Seconds, from any fixed point. */
  readonly clock: () => number;
}

export function familySync({
  backend,
  store,
  view: currentView,
  layout: currentLayout,
  observer,
  verification,
  hand,
  clock,
}: FamilySyncOptions): FamilySync {
  const { family } = backend;
  let touched = new Set<string>();
  let full: FullReason | undefined = 'start';
  let view = currentView();
  let layout = currentLayout();
  let applied: Applied = appliedServices([], { layout, view, hand });
  let rules: Growth = { filter: 0, nat: 0 };
  let isolated: ReadonlyMap<string, Error> = new Map();
  const proven = proving(family, verification);
  let kept: ReadonlySet<string> = new Set();
  let inForce: LayoutName | undefined;
  let mayYield = false;
  const reader = kernelReader(backend, clock);
  let mayHoldMore = false;

  async function sync(): Promise<void> {
    const services = touched;
    touched = new Set();
    if (!isUrgent(full)) full = moved() ?? full;
    if (full === undefined && needsFull(services)) full = 'change';
    if (full === undefined || (!isUrgent(full) && reader.isPaused())) {
      if (full !== undefined && services.size === 0) return;
      try {
        for (const batch of batches(services)) await deltaSync(batch);
        return;
      } catch (error) {
        observer.onFailed(family, 'delta', error as Error);
        full = 'failure';
      }
    }
    const reason = full;
    full = undefined;
    let failed = reason;
    let isPutOff = false;
    const start = clock();
    try {
      // The routes are made while the tools read.
      const [reading, desired] = await Promise.all([
        reader.read(reason, reason === 'check' && mayYield && services.size === 0),
        Promise.resolve().then(() => desiredNow(store, currentView(), currentLayout())),
      ]);
      if (reading === undefined) isPutOff = true;
      else {
        if (reason !== 'start') failed = 'failure';
        ({ view, layout } = desired);
        await fullSync({ reason, start, touched: services }, desired.services, reading);
      }
    } catch (error) {
      for (const service of services) touched.add(service);
      full = failed;
      observer.onFailed(family, 'full', error as Error);
      throw error;
    }
    // The changes that went before it.
    if (isPutOff) await sync();
  }

  /** What is no longer as it was when everything was gone through. */
  function moved(): FullReason | undefined {
    if (!isSame(layout, currentLayout())) return 'layout';
    return isSame(view, currentView()) ? undefined : 'node';
  }

  function needsFull(services: ReadonlySet<string>): boolean {
    if (services.size > MOST_DELTA_SERVICES) return true;
    return [...services].some((service) => isolated.has(service) || kept.has(service));
  }

  async function deltaSync(services: ReadonlySet<string>): Promise<void> {
    const start = clock();
    const proposal = await proven.propose(
      applied,
      new Map([...services].map((key) => [key, routesOf(store, key, view)])),
      { layout, view },
    );
    const { delta, growth } = proposal;
    if (!isEmptyDelta(delta)) {
      try {
        await restore(backend, () => deltaLines(delta, tuningOf(backend.kind)), backend.limits.firstTry);
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
      changed: services.size,
      repaired: undefined,
      unread: false,
    });
  }

  async function fullSync(
    { reason, start, touched: changed }: FullSync,
    desired: readonly ServiceRoutes[],
    { snapshot, isWhole }: Reading,
  ): Promise<void> {
    const before = [...applied.routes()];
    const { changes, next, ...outcome } = await bringAbout(
      {
        ...{ backend, services: desired, layout, view, hand },
        ...{ proven, applied: inForce && applied },
        changed: reason === 'change' ? changed : undefined,
        onRefused: setIsolated,
      },
      snapshot,
    );
    ({ kept } = outcome);
    rules = ruleCounts(changes);
    inForce = layout.name;
    applied = next;
    observer.onSynced({
      family,
      kind: 'full',
      reason,
      seconds: clock() - start,
      counts: planCounts(changes),
      rules,
      before,
      after: [...applied.routes()],
      services: undefined,
      changed: changed.size,
      // What a start that could not read has left behind is no work of others.
      repaired: changed.size === 0 && !mayHoldMore ? damage(reason, changes) : undefined,
      unread: !isWhole,
    });
    mayHoldMore = !isWhole;
    if (!isWhole) full ??= 'check';
  }

  function setIsolated(services: ReadonlyMap<string, Error>): void {
    const isSameSet = haveSameKeys(services, isolated);
    isolated = services;
    if (!isSameSet) observer.onIsolated(family, services);
  }

  return {
    touch: (services) => {
      for (const service of services) touched.add(service);
      if (touched.size > 0) reader.interrupt();
    },
    invalidate: (reason, yields = false) => {
      mayYield = yields && (full === undefined || mayYield);
      if (full === undefined || (isUrgent(reason) && !isUrgent(full))) full = reason;
    },
    isPending: () => full !== undefined || touched.size > 0 || moved() !== undefined,
    isBehind: () => touched.size > 0 || lacksMore(full),
    pendingServices: () => touched.size,
    isFull: () => full !== undefined,
    owedIn: reader.owedIn,
    sync,
    routes: () => applied.routes(),
    layout: () => ({ inForce, wanted: currentLayout().name }),
  };
}

interface FullSync {
  readonly reason: FullReason;
  /** By the clock. */
  readonly start: number;
  readonly touched: ReadonlySet<string>;
}
