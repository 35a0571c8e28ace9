import { layoutFor, type LayoutName, type LayoutSettings } from '../chains/layout-choice.ts';
import type { Layout } from '../chains/layout.ts';
import type { Change, SourceListener } from '../cluster/source.ts';
import type { Settings } from '../model/settings.ts';
import type { Backend } from '../iptables/backend.ts';
import type { Family } from '../net/address.ts';
import { nodeView, type Host, type NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import { plantCanary } from './canary.ts';
import { watchForDrift } from './drift.ts';
import { familySync, type FamilySync } from './family-sync.ts';
import type { FullReason, SyncObserver } from './observer.ts';
import type { FamilyProgress } from './progress.ts';
import type { Verification } from './proving.ts';
import { startRunner, type Runner } from './runner.ts';
import { clusterStore, type ClusterStore } from './store.ts';

export interface ReconcilerOptions {
  readonly nodeName: string;
  readonly settings: Settings;
  /** One for each family that the node serves. */
  readonly backends: readonly Backend[];
  readonly layout: LayoutSettings;
  /** The machine as it is now; asked for often. */
  readonly host: () => Host;
  readonly observer: ReconcilerObserver;
  /** Without it rules are written unproven. */
  readonly verification?: Verification | undefined;
}

export interface ReconcilerObserver extends SyncObserver {
  /** A change came that is not in the kernel yet. */
  readonly onQueued: (family: Family) => void;
  /** Looking after the rules failed; it goes on. */
  readonly onTrouble: (family: Family, error: Error) => void;
}

/** Keeps the kernel's rules what the cluster says. */
export interface Reconciler {
  readonly listener: SourceListener;
  readonly store: ClusterStore;
  /** This node as it is now. */
  readonly view: (family: Family) => NodeView;
  /** The routes that are in the kernel. */
  readonly routes: (family: Family) => Iterable<Route>;
  /** Rules are being written. */
  readonly isWriting: () => boolean;
  /** How many services have changes that some family's rules do not have yet. */
  readonly pending: () => number;
  /** undefined for a family that is not served. */
  readonly progress: (family: Family) => FamilyProgress | undefined;
  /** Ends when the signal aborts and no tool runs any more. The rules stay. */
  readonly done: Promise<void>;
}

/** Milliseconds. */
const FIRST_RETRY = 500;

/** Of one family. */
interface Follower {
  /** There is something to bring into the kernel. */
  readonly request: () => void;
  readonly isWriting: () => boolean;
  readonly retryIn: () => number | undefined;
  readonly done: Promise<void>;
}

/** Writes nothing before the source has told everything that it knows at first. */
export function startReconciler(options: ReconcilerOptions, signal: AbortSignal): Reconciler {
  const { settings, nodeName, observer } = options;
  const store = clusterStore(nodeName);
  const { promise: synced, resolve } = Promise.withResolvers<undefined>();
  const onSynced = (): void => resolve(undefined);
  // An abort before the start raises no event any more.
  if (signal.aborted) onSynced();
  signal.addEventListener('abort', onSynced, { once: true });

  const view = (family: Family): NodeView =>
    nodeView(family, settings, { name: nodeName, node: store.node() }, options.host());
  const families = options.backends.map((backend) => {
    const sync = familySync({
      backend,
      store,
      view: () => view(backend.family),
      layout: layoutOf(options.layout, store),
      observer,
      verification: options.verification,
      clock: () => performance.now() / 1000,
    });
    return { backend, sync, ...follow(backend, sync) };
  });

  function follow(backend: Backend, sync: FamilySync): Follower {
    let runner: Runner | undefined;
    let lastFull = 0;
    let isWriting = false;
    let isPlanted = false;
    const { promise: firstRules, resolve: onFirstRules } = Promise.withResolvers<undefined>();
    signal.addEventListener('abort', () => onFirstRules(undefined), { once: true });
    const run = async (): Promise<void> => {
      if (!sync.isPending()) return;
      isWriting = true;
      try {
        await write();
      } finally {
        isWriting = false;
        // What came meanwhile, or could not be written, waits on, whatever was told of the rest.
        if (sync.isBehind()) observer.onQueued(backend.family);
      }
      onFirstRules(undefined);
    };
    const write = async (): Promise<void> => {
      const start = performance.now();
      const full = sync.isFull();
      await sync.sync();
      if (!full) return;
      // Time that a tool was waited for in vain says nothing of what a comparison costs.
      if (sync.owedIn() === undefined) lastFull = performance.now() - start;
      if (!isPlanted) await plant();
    };
    // The rules are right without it. Looks find that it is missing, and it is tried again after the next sync.
    const plant = async (): Promise<void> => {
      try {
        await plantCanary(backend);
        isPlanted = true;
      } catch (error) {
        observer.onTrouble(backend.family, error as Error);
      }
    };
    const request = (): void => {
      observer.onQueued(backend.family);
      runner?.request();
    };
    const drift = {
      backend,
      checkInterval: settings.syncPeriod,
      lastCheck: () => lastFull,
      owedIn: () => {
        const seconds = sync.owedIn();
        return seconds === undefined ? undefined : seconds * 1_000;
      },
      isWriting: () => isWriting,
      onDrift: (reason: FullReason, mayYield: boolean): void => {
        if (reason === 'flush') isPlanted = false;
        sync.invalidate(reason, mayYield);
        runner?.request();
      },
      onError: (error: unknown) => observer.onTrouble(backend.family, error as Error),
    };
    const work = async (): Promise<void> => {
      await synced;
      if (signal.aborted) return;
      const retry = { first: FIRST_RETRY, most: settings.syncPeriod };
      runner = startRunner({ run, minInterval: settings.minSyncPeriod, retry }, signal);
      runner.request();
      await Promise.all([runner.done, firstRules.then(() => watchForDrift(drift, signal))]);
    };
    return { request, isWriting: () => isWriting, retryIn: () => runner?.retryIn(), done: work() };
  }

  const onChanges = (changes: readonly Change[]): void => {
    const touched = store.take(changes);
    if (touched.services.size === 0 && !touched.node) return;
    for (const { sync, request } of families) {
      sync.touch(touched.services);
      if (touched.services.size > 0 || sync.isPending()) request();
    }
  };

  const find = (family: Family) => families.find(({ backend }) => backend.family === family);

  return {
    listener: { onChanges, onSynced },
    store,
    view,
    routes: (family) => find(family)?.sync.routes() ?? [],
    isWriting: () => families.some(({ isWriting }) => isWriting()),
    progress: (family) => {
      const found = find(family);
      return found && progressOf(found.sync, found.retryIn());
    },
    pending: () => Math.max(0, ...families.map(({ sync }) => sync.pendingServices())),
    done: Promise.all(families.map(({ done }) => done)).then(() => undefined),
  };
}

function progressOf(sync: FamilySync, retryIn: number | undefined): FamilyProgress {
  return {
    layout: sync.layout(),
    isPending: sync.isPending(),
    pendingServices: sync.pendingServices(),
    isFull: sync.isFull(),
    retryIn,
  };
}

/** The layout for lists as long as they are now; going by what it said last at the border. */
function layoutOf({ name, comments }: LayoutSettings, store: ClusterStore): () => Layout {
  let current: LayoutName | undefined;
  return () => {
    current = layoutFor(name, store.listLengths(), current);
    return { name: current, comments };
  };
}
