import type { Snapshot } from '../iptables/snapshot.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { isServed } from './isolate.ts';

/** What is written instead of all services, where the rules of some must not be. */
export interface Held {
  /** What the kernel is to have of each; undefined where nothing is held back. */
  readonly services: readonly ServiceRoutes[] | undefined;
  /** Services of which nobody knows the version that the kernel has; dispatch rules lead to its chains. */
  readonly kept: readonly ServiceRoutes[];
  /** Services whose chains stay as the kernel has them. */
  readonly keep: ReadonlySet<string>;
}

export const NOTHING_HELD: Held = { services: undefined, kept: [], keep: new Set() };

export interface HoldBack {
  readonly services: readonly ServiceRoutes[];
  /** Those that must not be written as they are. */
  readonly wrong: ReadonlyMap<string, Error>;
  /**
   * The version that the kernel has; undefined where nothing is known of the kernel yet: a process before this
   * one may have served a service.
   */
  readonly before: ((service: string) => ServiceRoutes | undefined) | undefined;
  /** Those of older versions that are as wrong when they are made anew. */
  readonly alsoWrong: (older: readonly ServiceRoutes[]) => Promise<ReadonlyMap<string, Error>>;
  readonly view: NodeView;
  readonly snapshot: Snapshot;
}

/**
 * Leaves a service whose rules must not be written as it was: in the version that the kernel has, or with the
 * chains that the kernel has where that version cannot be made either. One that was not there is left out.
 */
export async function holdBack(options: HoldBack): Promise<Held> {
  const { services, wrong, view, snapshot } = options;
  const before = options.before ?? (() => undefined);
  if (wrong.size === 0) return NOTHING_HELD;
  const older = [...wrong.keys()].map(before).filter((service) => service !== undefined);
  const lost = await options.alsoWrong(older);
  const isKept = (service: ServiceRoutes): boolean =>
    lost.has(service.service) && isServed(service, view, snapshot);
  const versions = services.flatMap((service) => {
    if (!wrong.has(service.service)) return [service];
    const old = before(service.service);
    return old !== undefined && (!lost.has(old.service) || isKept(old)) ? [old] : [];
  });
  const kept =
    options.before === undefined
      ? services.filter((service) => wrong.has(service.service) && isServed(service, view, snapshot))
      : [];
  const keep = [...older.filter(isKept), ...kept].map(({ service }) => service);
  return { services: versions, kept, keep: new Set(keep) };
}
