import { isRecord } from '../documents.ts';
import { faultOfErrorEvent } from './classify.ts';
import { FaultError, garbled } from './fault.ts';
import { parseJson } from './parse.ts';

/** One line of a watch. */
export type WatchEvent =
  | { readonly kind: 'set' | 'gone'; readonly object: unknown }
  | {
      readonly kind: 'bookmark';
      readonly version: string;
      /** The objects that there were when the watch began have all been told. */
      readonly initialEnd: boolean;
    }
  /** Of a type that this program is too old to know. */
  | { readonly kind: 'unknown' };

/** @throws FaultError for an ERROR event, and where the line is no event */
export function watchEvent(line: string): WatchEvent {
  const event = parseJson(line, 'a line of the watch');
  if (!isRecord(event) || typeof event.type !== 'string') throw garbled('a line of the watch is no event');
  const { type, object } = event;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { kind: 'set', object };
    case 'DELETED':
      return { kind: 'gone', object };
    case 'BOOKMARK':
      return bookmark(object);
    case 'ERROR':
      throw new FaultError(faultOfErrorEvent(object));
    default:
      return { kind: 'unknown' };
  }
}

function bookmark(object: unknown): WatchEvent {
  const metadata = isRecord(object) && isRecord(object.metadata) ? object.metadata : {};
  const { resourceVersion, annotations } = metadata;
  if (typeof resourceVersion !== 'string' || resourceVersion === '') {
    throw garbled('a bookmark without a version');
  }
  const initialEnd = isRecord(annotations) && annotations['k8s.io/initial-events-end'] === 'true';
  return { kind: 'bookmark', version: resourceVersion, initialEnd };
}
