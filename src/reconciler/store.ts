import type { ListLengths } from '../chains/layout-choice.ts';
import type { Change } from '../cluster/source.ts';
import { compactList, compactText } from '../model/compact.ts';
import type { EndpointSlice, Node, Service } from '../model/objects.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import { isProxied } from '../routing/routes.ts';

/** Services with fewer endpoints for each port are no crowd: their number decides nothing. */
const CROWD = 100;

/** What the cluster said last, indexed as the rules need it. */
export interface ClusterStore {
  readonly services: ReadonlyMap<string, Service>;
  /** The slices of a service, by the service's key. */
  readonly slicesOf: (service: string) => readonly EndpointSlice[];
  /**
   * The node as it was last heard of. While its object is gone, which may be a mistake that is made good
   * soon, its rules and answers stay what they are. Source: OnNodeDelete in pkg/proxy/node.go.
   */
  readonly node: () => Node | undefined;
  readonly listLengths: () => ListLengths;
  /** Takes changes in; returns what they touch. */
  readonly take: (changes: readonly Change[]) => Touched;
}

/** What a batch of changes touches. */
export interface Touched {
  /** Keys of services whose routes may differ now. */
  readonly services: ReadonlySet<string>;
  readonly node: boolean;
}

/** @param nodeName the node whose object counts; others are passed over */
export function clusterStore(nodeName: string): ClusterStore {
  const services = new Map<string, Service>();
  const slices = new Map<string, EndpointSlice>();
  const sliceKeysOf = new Map<string, readonly string[]>();
  let node: Node | undefined;
  /** Services with many endpoints: how many for each port of a service, in the family that has more. */
  const crowds = new Map<string, number>();
  let servicePorts = 0;
  let mostEndpoints = 0;

  const slicesOf = (service: string): readonly EndpointSlice[] =>
    (sliceKeysOf.get(service) ?? []).flatMap((key) => {
      const slice = slices.get(key);
      return slice === undefined ? [] : [slice];
    });
  /** @returns whether the number counts, or did, and is another one now */
  const measure = (key: string): boolean => {
    const service = services.get(key);
    const size = service === undefined ? 0 : endpointsOfPort(service, slicesOf(key));
    const crowd = size < CROWD ? undefined : size;
    if (crowd === crowds.get(key)) return false;
    if (crowd === undefined) crowds.delete(key);
    else crowds.set(key, crowd);
    return true;
  };
  const takeService = (key: string, service: Service | undefined): void => {
    servicePorts += portsOf(service) - portsOf(services.get(key));
    if (service === undefined) services.delete(key);
    else services.set(key, service);
  };
  const takeSlice = (key: string, slice: EndpointSlice | undefined, touched: Set<string>): void => {
    const before = slices.get(key);
    if (before !== undefined) {
      const owner = ownerOf(before);
      touched.add(owner);
      const others = (sliceKeysOf.get(owner) ?? []).filter((each) => each !== key);
      if (others.length === 0) sliceKeysOf.delete(owner);
      else sliceKeysOf.set(owner, compactList(others));
      slices.delete(key);
    }
    if (slice === undefined) return;
    const owner = ownerOf(slice);
    touched.add(owner);
    slices.set(key, slice);
    sliceKeysOf.set(owner, compactList([...(sliceKeysOf.get(owner) ?? []), key]));
  };

  const take = (changes: readonly Change[]): Touched => {
    const touched = new Set<string>();
    let nodeTouched = false;
    for (const change of changes) {
      switch (change.kind) {
        case 'service':
          touched.add(change.key);
          takeService(change.key, change.object);
          break;
        case 'slice':
          takeSlice(change.key, change.object, touched);
          break;
        case 'node':
          if (change.key !== nodeName) break;
          node = change.object ?? node;
          nodeTouched = true;
          break;
      }
    }
    const isOther = Array.from(touched, measure).includes(true);
    if (isOther) mostEndpoints = Math.max(0, ...crowds.values());
    return { services: touched, node: nodeTouched };
  };

  return {
    services,
    slicesOf,
    node: () => node,
    listLengths: () => ({ servicePorts, mostEndpoints }),
    take,
  };
}

function portsOf(service: Service | undefined): number {
  return service !== undefined && isProxied(service) ? service.ports.length : 0;
}

function endpointsOfPort(service: Service, slices: readonly EndpointSlice[]): number {
  const count = (of: Family): number =>
    slices.reduce(
      (sum, { family, ports, endpoints }) => sum + (family === of ? ports.length * endpoints.length : 0),
      0,
    );
  return isProxied(service) ? Math.max(...FAMILIES.map(count)) / Math.max(1, service.ports.length) : 0;
}

/** A slice belongs to the service that its label names, in its own namespace. */
function ownerOf({ namespace, serviceName }: EndpointSlice): string {
  return compactText(`${namespace}/${serviceName}`);
}
