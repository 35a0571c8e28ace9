import type { Answer } from './answer.ts';

/** What a handler may know of a request. Only GET and HEAD come this far, so there is no body. */
export interface Question {
  readonly path: string;
  readonly query: URLSearchParams;
}

export type Handler = (question: Question) => Answer | Promise<Answer>;

/** By path. A path that ends in `/` stands for everything below it as well. */
export type Routes = Readonly<Record<string, Handler>>;

export function readQuestion(target: string): Question {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** The handler of this very path, else that of the longest path above it. */
export function findHandler(routes: Routes, path: string): Handler | undefined {
  if (Object.hasOwn(routes, path)) return routes[path];
  const above = Object.keys(routes)
    .filter((prefix) => prefix.endsWith('/') && path.startsWith(prefix))
    .sort((a, b) => b.length - a.length);
  return above[0] === undefined ? undefined : routes[above[0]];
}
