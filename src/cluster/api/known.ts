import type { Change } from '../source.ts';
import type { Reading } from './reading.ts';
import type { Resource } from './resource.ts';
import { same } from './same.ts';

/**
 * The last good version of each object of one kind, and what changes in it. Most updates of the API touch
 * nothing that we read, and a list mostly repeats what is known: neither makes a change.
 *
 * A bad version of an object (see readObject) changes nothing: the good one before it stays in force, or
 * the object stays unknown.
 */
export interface Known<Model> {
  readonly size: () => number;
  readonly has: (key: string) => boolean;
  readonly update: (key: string, reading: Reading<Model>) => Change | undefined;
  readonly remove: (key: string) => Change | undefined;
  /** Begins a complete account, as a list gives it. Nothing changes before its `commit`. */
  readonly replace: () => Replacement<Model>;
}

export interface Replacement<Model> {
  readonly add: (key: string, reading: Reading<Model>) => void;
  /** It went while the account was given. */
  readonly drop: (key: string) => void;
  /** What was added is all there is: returns what is new, other or gone. */
  readonly commit: () => readonly Change[];
}

export function knownObjects<Model>(resource: Resource<Model>): Known<Model> {
  let objects = new Map<string, Model>();

  const newest = (key: string, reading: Reading<Model>): Model | undefined => {
    const before = objects.get(key);
    if (reading.kind === 'bad') return before;
    return before !== undefined && same(before, reading.model) ? before : reading.model;
  };

  const remove = (key: string): Change | undefined =>
    objects.delete(key) ? resource.change(key, undefined) : undefined;

  return {
    size: () => objects.size,
    has: (key) => objects.has(key),
    update: (key, reading) => {
      const object = newest(key, reading);
      if (object === undefined) return remove(key);
      if (object === objects.get(key)) return undefined;
      objects.set(key, object);
      return resource.change(key, object);
    },
    remove,
    replace: () => {
      const listed = new Map<string, Model>();
      return {
        add: (key, reading) => {
          const object = newest(key, reading);
          if (object === undefined) listed.delete(key);
          else listed.set(key, object);
        },
        drop: (key) => void listed.delete(key),
        commit: () => {
          const changes: Change[] = [];
          for (const key of objects.keys()) {
            if (!listed.has(key)) changes.push(resource.change(key, undefined));
          }
          for (const [key, object] of listed) {
            if (objects.get(key) !== object) changes.push(resource.change(key, object));
          }
          objects = listed;
          return changes;
        },
      };
    },
  };
}
