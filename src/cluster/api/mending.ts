import { isRecord } from '../documents.ts';

/*
 * The API server checks what it stores, but its checks change over the years and old objects stay. Where
 * kube-proxy passes over a bad part of an object and serves the rest, so do we, and say so.
 */

/** What is left out where a field of this path is bad; `*` stands for any index. */
export interface Mend {
  readonly at: string;
  /** How much of the path is left out: `spec.ports.*.name` at `spec.ports.*` is the whole port. */
  readonly leaveOut: string;
  /** For the warning. */
  readonly effect: string;
}

const entry = (list: string): Mend => ({ at: `${list}.*`, leaveOut: `${list}.*`, effect: 'left out' });
const field = (path: string, effect: string): Mend => ({ at: path, leaveOut: path, effect });

export const SERVICE_MENDS: readonly Mend[] = [
  field('spec.ports.*.nodePort', 'left out'),
  entry('spec.ports'),
  entry('spec.externalIPs'),
  entry('spec.loadBalancerSourceRanges'),
  entry('status.loadBalancer.ingress'),
  field('spec.sessionAffinity', 'taken as None'),
  field('spec.externalTrafficPolicy', 'taken as Cluster'),
  field('spec.internalTrafficPolicy', 'taken as Cluster'),
  field('spec.healthCheckNodePort', 'left out'),
  // The cluster IPs say it as well.
  { at: 'spec.ipFamilies.*', leaveOut: 'spec.ipFamilies', effect: 'passed over' },
];

export const SLICE_MENDS: readonly Mend[] = [
  field('endpoints.*.nodeName', 'taken as no node'),
  entry('endpoints'),
  entry('ports'),
];

export const NODE_MENDS: readonly Mend[] = [
  entry('spec.podCIDRs'),
  entry('spec.taints'),
  entry('status.addresses'),
];

/** The first mend for a bad field at this path, or undefined where the object cannot do without it. */
export function mendFor(path: readonly PropertyKey[], mends: readonly Mend[]): Mend | undefined {
  return mends.find(({ at }) => {
    const wanted = at.split('.');
    return wanted.length <= path.length && wanted.every((part, index) => matches(part, path[index]));
  });
}

function matches(part: string, segment: PropertyKey | undefined): boolean {
  return part === '*' ? typeof segment === 'number' : part === segment;
}

type Path = readonly PropertyKey[];

/** A copy of the value without what stands at these paths. */
export function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0) return value;
  // Once for all: a list may have as many bad items as it has items.
  const byKey = Map.groupBy(paths, ([first]) => first);
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => {
      const inside = pathsBelow(byKey.get(index));
      return inside === undefined ? [] : [without(item, inside)];
    });
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const inside = pathsBelow(byKey.get(key));
      return inside === undefined ? [] : [[key, without(item, inside)]];
    }),
  );
}

/** The paths that go on below a key; undefined where one ends there. */
function pathsBelow(paths: readonly Path[] = []): readonly Path[] | undefined {
  return paths.some(({ length }) => length === 1) ? undefined : paths.map(([, ...rest]) => rest);
}
