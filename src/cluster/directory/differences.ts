import type { Cluster } from '../../model/objects.ts';
import { same } from '../api/same.ts';
import type { Change } from '../source.ts';

/** By kind and key, each as the change that makes it known. */
export type Told = ReadonlyMap<string, Change>;

export const NOTHING_TOLD: Told = new Map();

export function toldOf({ services, slices, nodes }: Cluster): Told {
  const changes: Change[] = [
    ...services.map((object): Change => ({ kind: 'service', key: keyOf(object), object })),
    ...slices.map((object): Change => ({ kind: 'slice', key: keyOf(object), object })),
    ...nodes.map((object): Change => ({ kind: 'node', key: object.name, object })),
  ];
  return new Map(changes.map((change) => [`${change.kind} ${change.key}`, change]));
}

/** What leads from what was told before to what is to be told now: first what is gone, then what is new or other. */
export function differences(before: Told, now: Told): readonly Change[] {
  const gone = [...before].filter(([id]) => !now.has(id));
  const changed = [...now].filter(([id, { object }]) => !same(before.get(id)?.object, object));
  return [
    ...gone.map(([, change]): Change => ({ ...change, object: undefined })),
    ...changed.map(([, change]) => change),
  ];
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
