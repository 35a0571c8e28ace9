export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A body in pieces is pulled only as fast as the client reads. */
  readonly body: string | Iterable<string> | AsyncIterable<string>;
}

/** An answer whose body is there. */
export interface TextAnswer extends Answer {
  readonly body: string;
}

/** No browser may guess another type from the content. */
const NO_SNIFF = { 'X-Content-Type-Options': 'nosniff' } as const;

export function text(status: number, body: string): TextAnswer {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...NO_SNIFF }, body };
}

/** @param body a value to be written without spaces, or text that is JSON already */
export function json(status: number, body: object | string): TextAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...NO_SNIFF },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

export function notFound(): TextAnswer {
  return text(404, '404 page not found\n');
}

export function methodNotAllowed(): TextAnswer {
  const answer = text(405, 'only GET and HEAD are answered here\n');
  return { ...answer, headers: { ...answer.headers, Allow: 'GET, HEAD' } };
}
