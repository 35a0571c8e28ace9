import { addressBytes } from '../net/address.ts';
import { compareText } from '../routing/endpoints.ts';
import type { ServiceRoutes } from '../routing/routes.ts';

/** `auto` is with comments in a small cluster, and in a large one for the first of its services. */
export type CommentPolicy = 'auto' | 'always' | 'never';

/** Past this many endpoints kube-proxy leaves out the comments of their rules. */
const LARGE_CLUSTER_ENDPOINTS = 1000;

/** A service's place in the order of cluster IPs; places compare as text. */
export type Place = string & { readonly __brand: 'Place' };

/** Services at this place and past it go without comments. */
export type CommentBorder = Place;

/** Behind every service: all have comments. */
export const NO_BORDER = '~' as CommentBorder;

export interface PlacedCount {
  readonly place: Place;
  readonly endpointCount: number;
}

/**
 * Which services' endpoint rules carry comments: all in a small cluster, and in a large one those that
 * hold its first 1,000 endpoints, counted in the order of cluster IPs.
 *
 * kube-proxy stops writing comments once a cluster has grown past 1,000 endpoints and lets those stand
 * that it wrote before, so that what is in the kernel depends on what came first. Here it depends on
 * the cluster alone, and a change moves the border by a service or so, not all comments at once.
 *
 * @param inOrder all services, in the order of their places
 */
export function commentBorder(inOrder: Iterable<PlacedCount>, total: number): CommentBorder {
  if (total <= LARGE_CLUSTER_ENDPOINTS) return NO_BORDER;
  let counted = 0;
  for (const { place, endpointCount } of inOrder) {
    counted += endpointCount;
    if (counted > LARGE_CLUSTER_ENDPOINTS) return place;
  }
  return NO_BORDER;
}

export function hasComments(place: Place, border: CommentBorder): boolean {
  return place < border;
}

/** Services whose cluster IP is not known come last. */
export function placeOf({ service, clusterIP }: Pick<ServiceRoutes, 'service' | 'clusterIP'>): Place {
  const address =
    clusterIP === undefined ? 'z' : Buffer.from(addressBytes(clusterIP), 'latin1').toString('hex');
  return `${address} ${service}` as Place;
}

/** The service at a place. */
export function serviceAt(place: Place): string {
  return place.slice(place.indexOf(' ') + 1);
}

/** The border of a whole cluster at once. */
export function borderOf(services: readonly ServiceRoutes[]): CommentBorder {
  const total = services.reduce((sum, { endpointCount }) => sum + endpointCount, 0);
  if (total <= LARGE_CLUSTER_ENDPOINTS) return NO_BORDER;
  const placed = services.map((service) => ({
    place: placeOf(service),
    endpointCount: service.endpointCount,
  }));
  return commentBorder(
    placed.sort((a, b) => compareText(a.place, b.place)),
    total,
  );
}
