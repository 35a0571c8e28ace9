import type { IncomingMessage } from 'node:http';
import { silent } from './fault.ts';

export interface Guard {
  /** Milliseconds without a chunk until the body is given up. */
  readonly idle: number;
  /** Milliseconds until it is given up whatever comes, unless `settle` is called; undefined for never. */
  readonly deadline: number | undefined;
}

export interface GuardedBody {
  readonly chunks: AsyncIterable<Buffer>;
  /** What the deadline was for has come. */
  readonly settle: () => void;
  /** Ends the watching; an unfinished body is dropped with its connection. */
  readonly close: () => void;
}

/** Reads a body that may fall silent: no server, and no load balancer before it, can hold us for ever. */
export function guardBody(response: IncomingMessage, { idle, deadline }: Guard): GuardedBody {
  const giveUp = (why: string) => () => void response.destroy(silent(why));
  const stillness = setTimeout(giveUp(`nothing came for ${idle / 1000} s`), idle);
  const end =
    deadline === undefined
      ? undefined
      : setTimeout(giveUp(`not complete within ${deadline / 1000} s`), deadline);
  return {
    chunks: feeding(response, stillness),
    settle: () => clearTimeout(end),
    close: () => {
      clearTimeout(stillness);
      clearTimeout(end);
      if (!response.complete) response.destroy();
    },
  };
}

async function* feeding(response: AsyncIterable<Buffer>, stillness: NodeJS.Timeout) {
  for await (const chunk of response) {
    stillness.refresh();
    yield chunk;
  }
}
