import type { PageParts } from './html.ts';

/** Put in by the build: what it makes of `page/`. */
declare const GRAPH_PAGE: PageParts | undefined;

/** @throws Error where the program was not built */
export function pageParts(): PageParts {
  if (typeof GRAPH_PAGE !== 'undefined') return GRAPH_PAGE;
  throw new Error('--output html: the page is part of the built program only: make build');
}
