import type { Milliseconds } from '../model/settings.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import type { Clock, Moment } from './clock.ts';

/** What is known of each family's syncs; a family appears with its first event. */
export interface SyncHistory {
  /** When the rules last became true, by the wall clock. */
  readonly updatedAt: Readonly<Partial<Record<Family, number>>>;
  /** Since when the oldest change waits that is not in the rules yet, by the steady clock. */
  readonly waitingSince: Readonly<Partial<Record<Family, number | undefined>>>;
}

const NO_SYNCS: SyncHistory = { updatedAt: {}, waitingSince: {} };

/** A change arrived. Only the oldest waiting one counts. */
function withQueuedUpdate(history: SyncHistory, family: Family, now: Moment): SyncHistory {
  if (history.waitingSince[family] !== undefined) return history;
  return { ...history, waitingSince: { ...history.waitingSince, [family]: now.steady } };
}

/** The family's rules are what the cluster asks for: nothing waits any more. */
function withUpdate(history: SyncHistory, family: Family, now: Moment): SyncHistory {
  return {
    updatedAt: { ...history.updatedAt, [family]: now.wall },
    waitingSince: { ...history.waitingSince, [family]: undefined },
  };
}

export interface FamilyHealth {
  readonly family: Family;
  /** Milliseconds since 1970. */
  readonly lastUpdated: number;
  readonly healthy: boolean;
}

export interface ProxyHealth {
  /** No family is unhealthy. */
  readonly healthy: boolean;
  /** When this was found out, in milliseconds since 1970. */
  readonly at: number;
  /** Families that have had an update, IPv4 first. */
  readonly families: readonly FamilyHealth[];
}

/**
 * A family is unhealthy once a change has waited for `timeout`. One that never had an update counts as
 * starting, not as unhealthy.
 *
 * Source: ProxyHealthServer.Health in pkg/proxy/healthcheck/proxy_health.go.
 */
function healthOf(history: SyncHistory, now: Moment, timeout: Milliseconds): ProxyHealth {
  const families = FAMILIES.flatMap((family): readonly FamilyHealth[] => {
    const lastUpdated = history.updatedAt[family];
    if (lastUpdated === undefined) return [];
    const since = history.waitingSince[family];
    return [{ family, lastUpdated, healthy: since === undefined || now.steady - since < timeout }];
  });
  return { healthy: families.every(({ healthy }) => healthy), at: now.wall, families };
}

/** Follows the syncs of both families. */
export interface HealthTracker {
  /** To be called when a change arrives, or a sync is asked for. */
  readonly queuedUpdate: (family: Family) => void;
  /** To be called once at start, and after every sync that succeeded. */
  readonly updated: (family: Family) => void;
  readonly health: () => ProxyHealth;
}

export function trackHealth(options: {
  readonly syncPeriod: Milliseconds;
  readonly clock: Clock;
}): HealthTracker {
  const { clock } = options;
  const timeout = 2 * options.syncPeriod;
  let history = NO_SYNCS;
  return {
    queuedUpdate(family) {
      history = withQueuedUpdate(history, family, clock());
    },
    updated(family) {
      history = withUpdate(history, family, clock());
    },
    health: () => healthOf(history, clock(), timeout),
  };
}
