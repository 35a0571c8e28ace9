import type { Protocol } from '../model/objects.ts';
import type { Endpoint, Route } from '../routing/route.ts';
import { tightening, type PolicyChange, type Tightening } from './policy-change.ts';

/** What decides which entries are stale, in one family. */
export interface ConntrackScene {
  /** Every service port. */
  readonly routes: Iterable<Route>;
  /**
   * Every endpoint that the slices name for the service port, be it ready or not, near or far. A route
   * itself holds only those that take traffic now, but a connection may outlast that.
   */
  readonly endpointsOf: (route: Route) => readonly Endpoint[];
  /** Service ports that got a stricter policy since their entries were made. */
  readonly policyChanges: readonly PolicyChange[];
  /** The addresses on the node's interfaces. */
  readonly ownAddresses: ReadonlySet<string>;
  /** Whether open TCP connections to endpoints that no slice names any more are to be reset. */
  readonly resetGoneEndpoints: boolean;
}

/** A service port that may have stale entries, and what makes them so. */
export interface Subject {
  readonly route: Route;
  /** `address:port` of those whose entries stay; undefined where this is no reason. */
  readonly serving: ReadonlySet<string> | undefined;
  /** `address:port` of all that exist; undefined where this is no reason. */
  readonly existing: ReadonlySet<string> | undefined;
  readonly policy: PolicySubject | undefined;
}

export interface PolicySubject {
  readonly tightening: Tightening;
  /** By `address:port`: the endpoints that the service has, or had before the change. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
}

/** The service ports that are worth looking for. */
export function subjectsOf(scene: ConntrackScene): readonly Subject[] {
  const changes = new Map(scene.policyChanges.map((change) => [change.after, change]));
  const subjects: Subject[] = [];
  for (const route of scene.routes) {
    const change = changes.get(route);
    changes.delete(route);
    const subject = subjectOf(route, change, scene);
    if (subject !== undefined) subjects.push(subject);
  }
  // A caller may hand over changes of routes only, or routes that are equal but not the same.
  for (const change of changes.values()) {
    subjects.push({ ...unsuspected(change.after), policy: policySubject(change, scene) });
  }
  return subjects;
}

/** The one protocol that all of them have; undefined where they have several. */
export function onlyProtocol(subjects: readonly Subject[]): Protocol | undefined {
  const protocols = new Set(subjects.map(({ route }) => route.protocol));
  const [first] = protocols;
  return protocols.size === 1 ? first : undefined;
}

function subjectOf(
  route: Route,
  change: PolicyChange | undefined,
  scene: ConntrackScene,
): Subject | undefined {
  const serving = route.protocol === 'udp' ? servingEndpoints(route, scene) : undefined;
  const watched = route.protocol === 'tcp' && scene.resetGoneEndpoints;
  if (serving === undefined && !watched && change === undefined) return undefined;
  return {
    route,
    serving,
    existing: watched ? texts(scene.endpointsOf(route)) : undefined,
    policy: change === undefined ? undefined : policySubject(change, scene),
  };
}

/**
 * A service that nobody serves keeps its entries: there is no one better to send its packets to.
 * Topology, policies and readiness do not count, so that a flow stays where it is as long as it can.
 *
 * Source: CleanStaleEntries in pkg/proxy/conntrack/cleanup.go.
 */
function servingEndpoints(route: Route, { endpointsOf }: ConntrackScene): ReadonlySet<string> | undefined {
  const serving = endpointsOf(route).filter((endpoint) => endpoint.serving);
  return serving.length === 0 ? undefined : texts(serving);
}

function policySubject(change: PolicyChange, { endpointsOf }: ConntrackScene): PolicySubject {
  const endpoints = new Map<string, Endpoint>();
  const { before, after } = change;
  for (const endpoint of [
    ...before.endpoints.reachable,
    ...after.endpoints.reachable,
    ...endpointsOf(after),
  ]) {
    endpoints.set(endpoint.text, endpoint);
  }
  return { tightening: tightening(change), endpoints };
}

function unsuspected(route: Route): Subject {
  return { route, serving: undefined, existing: undefined, policy: undefined };
}

function texts(endpoints: readonly Endpoint[]): ReadonlySet<string> {
  return new Set(endpoints.map(({ text }) => text));
}
