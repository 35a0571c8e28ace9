import { garbled } from './fault.ts';
import { guardBody } from './guarded.ts';
import { lineSplitter } from './line-splitter.ts';
import { watchEvent, type WatchEvent } from './watch-event.ts';
import type { Transport } from './transport.ts';

export interface WatchRequest {
  readonly path: string;
  readonly selectors: Readonly<Record<string, string>>;
  /** See Step. */
  readonly from: string;
  /** Milliseconds for the objects that there are to be told first; undefined: what comes after `from` will do. */
  readonly initialWithin: number | undefined;
  /** After how many seconds the server is asked to end the watch. */
  readonly seconds: number;
  readonly idle: number;
  /** Bytes of one event. */
  readonly longest: number;
  readonly signal: AbortSignal;
}

export interface WatchListener {
  /** The server agreed to the watch. */
  readonly onOpen: () => void;
  /** What one chunk brought. Events are made as they are asked for, so that a fault comes after those before it. */
  readonly onEvents: (events: Iterable<WatchEvent>) => void;
}

/**
 * Watches until the server ends it.
 *
 * @throws as Transport, and FaultError for what the stream says or fails to say. Events before that have
 *   been told; a line that breaks off has not.
 */
export async function watchFrom(
  send: Transport,
  request: WatchRequest,
  listener: WatchListener,
): Promise<void> {
  const { path, initialWithin, idle, longest, signal } = request;
  const response = await send({ method: 'GET', path, query: queryOf(request), answerWithin: idle, signal });
  listener.onOpen();
  const body = guardBody(response, { idle, deadline: initialWithin });
  let initial = initialWithin !== undefined;
  const noticing = function* (lines: readonly string[]) {
    for (const line of lines) {
      const event = watchEvent(line);
      if (initial && event.kind === 'bookmark' && event.initialEnd) {
        initial = false;
        body.settle();
      }
      yield event;
    }
  };
  try {
    const splitter = lineSplitter(longest);
    for await (const chunk of body.chunks) listener.onEvents(noticing(splitter.split(chunk)));
  } finally {
    body.close();
  }
  if (initial) throw garbled('the watch ended before it had told all objects');
}

function queryOf({ selectors, from, initialWithin, seconds }: WatchRequest): Record<string, string> {
  return {
    ...selectors,
    watch: '1',
    allowWatchBookmarks: 'true',
    ...(initialWithin === undefined
      ? {}
      : { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }),
    ...(from === '' ? {} : { resourceVersion: from }),
    timeoutSeconds: String(seconds),
  };
}
