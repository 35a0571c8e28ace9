import type { Change } from '../cluster/source.ts';
import { compactList, compactText } from '../model/compact.ts';
import type { EndpointSlice, Node, Service } from '../model/objects.ts';

/** What the cluster said last, indexed as the rules need it. */
export interface ClusterStore {
  readonly services: ReadonlyMap<string, Service>;
  /** The slices of a service, by the service's key. */
  readonly slicesOf: (service: string) => readonly EndpointSlice[];
  readonly node: () => Node | undefined;
  /** Ports of all services: the measure of how long a walk through their rules would be. */
  readonly servicePorts: () => number;
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
  let servicePorts = 0;

  const takeService = (key: string, service: Service | undefined): void => {
    servicePorts += (service?.ports.length ?? 0) - (services.get(key)?.ports.length ?? 0);
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
          node = change.object;
          nodeTouched = true;
          break;
      }
    }
    return { services: touched, node: nodeTouched };
  };

  return {
    services,
    slicesOf: (service) =>
      (sliceKeysOf.get(service) ?? []).flatMap((key) => {
        const slice = slices.get(key);
        return slice === undefined ? [] : [slice];
      }),
    node: () => node,
    servicePorts: () => servicePorts,
    take,
  };
}

/** A slice belongs to the service that its label names, in its own namespace. */
function ownerOf({ namespace, serviceName }: EndpointSlice): string {
  return compactText(`${namespace}/${serviceName}`);
}
