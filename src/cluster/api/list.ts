import { isRecord } from '../documents.ts';
import { FaultError, garbled } from './fault.ts';
import { guardBody } from './guarded.ts';
import { listSplitter } from './list-splitter.ts';
import { parseJson } from './parse.ts';
import type { Transport } from './transport.ts';

export interface ListRequest {
  readonly path: string;
  readonly selectors: Readonly<Record<string, string>>;
  /** See Step. */
  readonly from: string;
  /** Milliseconds for each page. */
  readonly deadline: number;
  readonly idle: number;
  /** Bytes of one item. */
  readonly longest: number;
  readonly signal: AbortSignal;
}

/** Reads from the store are asked for in pages, to spare the server; its cache answers whole lists only. */
const PAGE = '500';

/**
 * Lists every object. `begin` is called before the first object of an attempt and takes each of them: a
 * list in pages whose snapshot the server forgot is begun anew, whole.
 *
 * @returns the list's resource version
 * @throws as Transport, and FaultError where the list is no list
 */
export async function listAll(
  send: Transport,
  request: ListRequest,
  begin: () => (item: unknown) => void,
): Promise<string> {
  const first = versionQuery(request.from);
  const onItem = begin();
  let page = await listPage(send, request, first, onItem);
  const { version } = page;
  while (page.next !== undefined) {
    try {
      page = await listPage(send, request, { limit: PAGE, continue: page.next }, onItem);
    } catch (error) {
      if (!(error instanceof FaultError) || error.fault.kind !== 'expired') throw error;
      return (await listPage(send, request, {}, begin())).version;
    }
  }
  return version;
}

/**
 * Asks for one object, no older than `from`: a server that has not come so far says so. A watch from a
 * version of the future is accepted and stays silent, which after a store was restored from a backup looks
 * like a quiet cluster.
 *
 * @throws as listAll; FaultError of kind `ahead` where the server is not there
 */
export async function verifyVersion(send: Transport, request: ListRequest): Promise<void> {
  await listPage(send, request, { ...versionQuery(request.from), limit: '1' }, () => undefined);
}

function versionQuery(from: string): Readonly<Record<string, string>> {
  if (from === '') return { limit: PAGE };
  if (from === '0') return { resourceVersion: from };
  return { resourceVersion: from, resourceVersionMatch: 'NotOlderThan' };
}

interface Page {
  readonly version: string;
  /** The token for the page after it. */
  readonly next: string | undefined;
}

async function listPage(
  send: Transport,
  request: ListRequest,
  query: Readonly<Record<string, string>>,
  onItem: (item: unknown) => void,
): Promise<Page> {
  const { path, selectors, deadline, idle, longest, signal } = request;
  const response = await send({
    method: 'GET',
    path,
    query: { ...selectors, ...query },
    answerWithin: deadline,
    signal,
  });
  const body = guardBody(response, { idle, deadline });
  try {
    const splitter = listSplitter(longest);
    for await (const chunk of body.chunks) {
      for (const text of splitter.split(chunk)) onItem(parseJson(text, 'an item of the list'));
    }
    return pageOf(parseJson(splitter.envelope(), 'the list'));
  } finally {
    body.close();
  }
}

function pageOf(list: unknown): Page {
  const metadata = isRecord(list) && isRecord(list.metadata) ? list.metadata : {};
  const { resourceVersion, continue: next } = metadata;
  if (typeof resourceVersion !== 'string' || resourceVersion === '') {
    throw garbled('a list without a version');
  }
  return { version: resourceVersion, next: typeof next === 'string' && next !== '' ? next : undefined };
}
