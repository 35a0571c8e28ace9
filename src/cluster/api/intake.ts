import { garbled } from './fault.ts';
import type { BadObjects } from './bad-objects.ts';
import type { Known } from './known.ts';
import type { Reading } from './reading.ts';
import { headOf, type ObjectHead, type Resource } from './resource.ts';

/** An object that came over the wire, read. */
export interface Taken<Model> {
  readonly head: ObjectHead;
  readonly reading: Reading<Model>;
}

export interface IntakeOptions<Model> {
  readonly resource: Resource<Model>;
  readonly known: Known<Model>;
  readonly badObjects: BadObjects;
  readonly intern: (object: unknown) => void;
  /** Told what is new of an object that could not be read, wholly or in part. */
  readonly onBadObject: (key: string, problems: readonly string[]) => void;
}

export interface Intake<Model> {
  /** @throws FaultError where this is no object of the API */
  readonly take: (object: unknown) => Taken<Model>;
  /** The head of an object that is gone, whose content no longer matters. */
  readonly takeGone: (object: unknown) => ObjectHead;
}

/** Where objects come in: read, their names shared, and what is wrong with them told. */
export function intake<Model>(options: IntakeOptions<Model>): Intake<Model> {
  const { resource, known, badObjects, intern, onBadObject } = options;
  const certainHead = (object: unknown): ObjectHead => {
    const head = headOf(object);
    if (head === undefined) throw garbled('an object without a name');
    return head;
  };
  return {
    take: (object) => {
      const head = certainHead(object);
      intern(object);
      const reading = resource.read(object, resource.title(head.key));
      if (reading.problems.length === 0) badObjects.forget(head.key);
      else {
        const news = badObjects.tell(head.key, reading.problems, effectOf(reading, known.has(head.key)));
        if (news.length > 0) onBadObject(head.key, news);
      }
      return { head, reading };
    },
    takeGone: (object) => {
      const head = certainHead(object);
      badObjects.forget(head.key);
      return head;
    },
  };
}

function effectOf(reading: Reading<unknown>, before: boolean): string {
  if (reading.kind === 'good') return '';
  return before ? 'its last good version stays in force' : 'the object is passed over';
}
