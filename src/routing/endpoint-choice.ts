import { compactList } from '../model/compact.ts';
import type { Endpoint, EndpointChoice } from './route.ts';

/** Whose traffic needs endpoints. */
export interface Demand {
  /** The service sends some traffic by policy Cluster. */
  readonly cluster: boolean;
  /** The service sends some traffic by policy Local. */
  readonly local: boolean;
}

export interface Place {
  readonly nodeName: string;
  readonly zone: string | undefined;
}

const NONE: EndpointChoice = { cluster: [], local: [], reachable: [], anywhere: false };

/**
 * Chooses the endpoints of a service port for this node: ready ones, near ones where the hints say so,
 * and where nobody is ready those that still serve while they terminate.
 *
 * Source: CategorizeEndpoints in pkg/proxy/topology.go.
 */
export function chooseEndpoints(
  endpoints: readonly Endpoint[],
  demand: Demand,
  place: Place,
): EndpointChoice {
  if (endpoints.length === 0) return NONE;
  const cluster = compactList(demand.cluster ? clusterEndpoints(endpoints, place) : []);
  if (!demand.local)
    return { cluster, local: compactList([]), reachable: cluster, anywhere: cluster.length > 0 };

  const local = compactList(readyElseServing(endpoints.filter((endpoint) => endpoint.local)));
  return {
    cluster,
    local,
    reachable: demand.cluster ? compactList(union(endpoints, cluster, local)) : local,
    anywhere: endpoints.some((endpoint) => endpoint.ready || isServingWhileTerminating(endpoint)),
  };
}

function clusterEndpoints(endpoints: readonly Endpoint[], place: Place): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  if (ready.length === 0) return endpoints.filter(isServingWhileTerminating);
  return nearby(ready, place);
}

function readyElseServing(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : endpoints.filter(isServingWhileTerminating);
}

function isServingWhileTerminating(endpoint: Endpoint): boolean {
  return endpoint.serving && endpoint.terminating;
}

/** Hints count only when every ready endpoint has them and one of them names this place. */
function nearby(ready: readonly Endpoint[], { nodeName, zone }: Place): readonly Endpoint[] {
  if (ready.every((endpoint) => endpoint.nodeHints.length > 0)) {
    const sameNode = ready.filter((endpoint) => endpoint.nodeHints.includes(nodeName));
    if (sameNode.length > 0) return sameNode;
  }
  if (ready.every((endpoint) => endpoint.zoneHints.length > 0)) {
    const sameZone = ready.filter((endpoint) => endpoint.zoneHints.includes(zone ?? ''));
    if (sameZone.length > 0) return sameZone;
  }
  return ready;
}

/** In the order of all endpoints, which is sorted. */
function union(
  endpoints: readonly Endpoint[],
  some: readonly Endpoint[],
  others: readonly Endpoint[],
): readonly Endpoint[] {
  const wanted = new Set([...some, ...others]);
  return endpoints.filter((endpoint) => wanted.has(endpoint));
}
