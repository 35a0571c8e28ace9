import type { Route } from '../routing/route.ts';

/** A service port that lives on under another policy. */
export interface PolicyChange {
  readonly before: Route;
  readonly after: Route;
}

/** What is no longer allowed, of what the rules made before. */
export interface Tightening {
  /** The cluster IP leads only to endpoints of this node now. */
  readonly internal: boolean;
  /** The outside reaches only endpoints of this node now, and its source address is kept. */
  readonly external: boolean;
  /** A client stays with one endpoint now. */
  readonly affinity: boolean;
}

/**
 * Finds the service ports whose policy became stricter. A policy that is loosened (Local to Cluster,
 * affinity to none) forbids nothing of what is there: every connection may stay where it is.
 *
 * @param before all routes of a family as the kernel had them until now
 * @param after all routes of the same family as it has them now
 */
export function policyChanges(before: Iterable<Route>, after: Iterable<Route>): readonly PolicyChange[] {
  const known = new Map<string, Route>();
  for (const route of before) known.set(servicePortKey(route), route);
  const changes: PolicyChange[] = [];
  for (const route of after) {
    const change = policyChange(known.get(servicePortKey(route)), route);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** The same for one service port, where the caller knows which route took the place of which. */
export function policyChange(before: Route | undefined, after: Route): PolicyChange | undefined {
  if (before === undefined) return undefined;
  const { internal, external, affinity } = tightening({ before, after });
  return internal || external || affinity ? { before, after } : undefined;
}

export function tightening({ before, after }: PolicyChange): Tightening {
  return {
    internal: before.internalPolicy === 'Cluster' && after.internalPolicy === 'Local',
    external: before.externalPolicy === 'Cluster' && after.externalPolicy === 'Local',
    affinity: before.affinitySeconds === undefined && after.affinitySeconds !== undefined,
  };
}

/** What a service port keeps through all its changes. */
export function servicePortKey(route: Route): string {
  return `${route.label} ${route.protocol}`;
}
