import type { Change, Source } from './source.ts';
import type { Cluster } from '../model/objects.ts';

/**
 * Follows a source until it has told all that it knows at first, and no longer.
 *
 * @param signal gives up, with the signal's reason
 */
export async function clusterOnce(source: Source, signal: AbortSignal): Promise<Cluster> {
  const objects = {
    service: new Map<string, ObjectOf<'service'>>(),
    slice: new Map<string, ObjectOf<'slice'>>(),
    node: new Map<string, ObjectOf<'node'>>(),
  };
  const done = new AbortController();
  const take = (change: Change): void => {
    const { kind, key, object } = change;
    if (object === undefined) objects[kind].delete(key);
    else (objects[kind] as Map<string, typeof object>).set(key, object);
  };
  const listener = {
    onChanges: (changes: readonly Change[]): void => changes.forEach(take),
    onSynced: (): void => done.abort(),
  };
  await source.run(listener, AbortSignal.any([signal, done.signal]));
  if (!done.signal.aborted) signal.throwIfAborted();
  return {
    services: [...objects.service.values()],
    slices: [...objects.slice.values()],
    nodes: [...objects.node.values()],
  };
}

type ObjectOf<Kind extends Change['kind']> = NonNullable<Extract<Change, { kind: Kind }>['object']>;
