import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { makeAuthority, makeCertificate, type Authority } from './certificates.ts';
import {
  answer,
  begin,
  CONTINUE_EXPIRED,
  NO_WATCH_LIST,
  notFound,
  statusObject,
  tooLarge,
  tooOld,
  UNAUTHORIZED,
  type Status,
} from './fake-answers.ts';
import {
  bookmarkOf,
  eventOf,
  keyOf,
  KINDS,
  makeStore,
  PLURALS,
  typed,
  type ApiObject,
  type Happening,
  type Plural,
  type Selectors,
  type Store,
} from './fake-store.ts';

/** `probe` asks for one object, to see whether the server is there. */
export type Verb = 'list' | 'probe' | 'watch' | 'stream';

/** What the server does instead of its duty. */
export type Misdeed =
  | { readonly do: 'answer'; readonly status: Status }
  /** Something in the way answers: no JSON, no Kubernetes. */
  | { readonly do: 'proxyAnswer'; readonly code: number; readonly body: string }
  /** Breaks the connection before it answers. */
  | { readonly do: 'reset' }
  /** Never answers. */
  | { readonly do: 'hang' }
  /** Begins an answer and never goes on. */
  | { readonly do: 'silence' }
  /** Sends so many bytes of the right answer, and breaks off. Lists only. */
  | { readonly do: 'cut'; readonly after: number; readonly how: 'reset' | 'end' }
  /** Says this first, then ends, breaks, falls silent, or goes on as it should. Watches only. */
  | { readonly do: 'say'; readonly text: string; readonly then: 'end' | 'reset' | 'silence' | 'goOn' };

export interface Fault {
  readonly on: Verb | 'any';
  readonly resource?: Plural;
  /** 1 unless said. */
  readonly times?: number;
  readonly misdeed: Misdeed;
}

export interface SeenRequest {
  readonly verb: Verb | 'other';
  readonly plural: Plural | undefined;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly at: number;
}

interface Watch {
  readonly plural: Plural;
  readonly selectors: Selectors;
  readonly response: ServerResponse;
  muted: boolean;
}

export interface FakeServerOptions {
  readonly watchList?: boolean;
  readonly authority?: Authority;
  readonly store?: Store;
}

export class FakeServer {
  readonly authority: Authority;
  readonly store: Store;
  readonly requests: SeenRequest[] = [];
  readonly faults: Fault[] = [];
  /** Bodies of POSTs. */
  readonly posted: ApiObject[] = [];
  /** Accepted bearer tokens; undefined lets everybody in. */
  tokens: Set<string> | undefined;
  watchList: boolean;
  connections = 0;
  /** Lists at version 0 come in pages of so many as well, as some aggregated servers do. */
  pageAnyway: number | undefined;
  readonly #snapshots = new Map<string, { items: readonly ApiObject[]; version: number }>();
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<Watch>();
  #certificate;
  #server: Server;
  #port = 0;

  constructor({ watchList = true, authority, store }: FakeServerOptions = {}) {
    this.watchList = watchList;
    this.authority = authority ?? makeAuthority('fake authority');
    this.store = store ?? makeStore();
    this.#certificate = this.#newCertificate();
    this.#server = this.#newServer();
  }

  static async start(options: FakeServerOptions = {}): Promise<FakeServer> {
    const server = new FakeServer(options);
    await server.listen();
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** The process dies: connections break, the port is closed. */
  async stop(): Promise<void> {
    this.#watches.clear();
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
    this.#server = this.#newServer();
  }

  /** Comes back with a certificate of this authority. */
  async startAgain(authority: Authority = this.authority): Promise<void> {
    this.#certificate = this.#newCertificate(authority);
    this.#server = this.#newServer();
    await this.listen();
  }

  apply(plural: Plural, object: ApiObject, version?: number): void {
    this.#publish(this.store.apply(plural, object, version));
  }

  remove(plural: Plural, key: string, version?: number): void {
    const happening = this.store.remove(plural, key, version);
    if (happening !== undefined) this.#publish(happening);
  }

  /** What happened is stored, but no watch is told. */
  applyUnseen(plural: Plural, object: ApiObject): void {
    this.store.apply(plural, object);
  }

  bookmark(plural?: Plural, version = this.store.version()): void {
    for (const watch of this.#watches) {
      if (plural === undefined || watch.plural === plural)
        this.#tell(watch, bookmarkOf(watch.plural, version, false));
    }
  }

  /** Ends the watches that there are. */
  endWatches(how: 'end' | 'reset' | 'mute', plural?: Plural): void {
    for (const watch of this.#watches) {
      if (plural !== undefined && watch.plural !== plural) continue;
      if (how === 'mute') watch.muted = true;
      else {
        this.#watches.delete(watch);
        if (how === 'end') watch.response.end();
        else watch.response.socket?.destroy();
      }
    }
  }

  /** Says something to the watches that there are. */
  sayToWatches(words: string, plural?: Plural): void {
    for (const watch of this.#watches) {
      if (plural === undefined || watch.plural === plural) watch.response.write(words);
    }
  }

  watchCount(plural?: Plural): number {
    return [...this.#watches].filter((watch) => plural === undefined || watch.plural === plural).length;
  }

  countOf(verb: Verb, plural?: Plural): number {
    return this.requests.filter(
      (request) => request.verb === verb && (plural === undefined || request.plural === plural),
    ).length;
  }

  #newCertificate(authority = this.authority) {
    return makeCertificate(authority, { commonName: 'kube-apiserver', hosts: ['127.0.0.1', 'localhost'] });
  }

  #newServer(): Server {
    const server = createTlsServer(this.#certificate, (request, response) => {
      void this.#handle(request, response);
    });
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    server.on('tlsClientError', () => undefined);
    return server;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const { pathname, searchParams: query } = new URL(request.url ?? '/', this.url);
    const plural = PLURALS.find((candidate) => KINDS[candidate].path === pathname);
    const verb = plural === undefined || request.method !== 'GET' ? 'other' : verbOf(query);
    this.requests.push({ verb, plural, query, headers: request.headers, at: performance.now() });
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (this.tokens !== undefined && !this.tokens.has(token)) {
      fail(response, UNAUTHORIZED);
      return;
    }
    if (verb === 'other') {
      await this.#handleOther(request, response, pathname);
      return;
    }
    if (plural === undefined) return;
    const misdeed = this.#takeFault(verb, plural);
    if (misdeed !== undefined && this.#misbehave(misdeed, response)) return;
    if (verb === 'list' || verb === 'probe') this.#list(response, plural, query, misdeed);
    else this.#watch(response, plural, query, misdeed);
  }

  async #handleOther(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    if (request.method === 'POST') {
      const body = JSON.parse(await text(request)) as ApiObject;
      this.posted.push(body);
      answer(response, 201, `${JSON.stringify(body)}\n`);
      return;
    }
    const [, name = ''] = /^\/api\/v1\/nodes\/(.+)$/.exec(pathname) ?? [];
    const node = this.store.get('nodes', name);
    if (node === undefined) fail(response, notFound('nodes', name));
    else answer(response, 200, `${JSON.stringify(typed('nodes', node))}\n`);
  }

  #takeFault(verb: Verb, plural: Plural): Misdeed | undefined {
    const index = this.faults.findIndex(
      (fault) =>
        (fault.on === 'any' || fault.on === verb) &&
        (fault.resource === undefined || fault.resource === plural),
    );
    const fault = this.faults[index];
    if (fault === undefined) return undefined;
    const times = (fault.times ?? 1) - 1;
    if (times > 0) this.faults[index] = { ...fault, times };
    else this.faults.splice(index, 1);
    return fault.misdeed;
  }

  /** Returns whether that was all. */
  #misbehave(misdeed: Misdeed, response: ServerResponse): boolean {
    switch (misdeed.do) {
      case 'answer':
        fail(response, misdeed.status);
        return true;
      case 'proxyAnswer':
        response.writeHead(misdeed.code, { 'Content-Type': 'text/html' }).end(misdeed.body);
        return true;
      case 'reset':
        response.socket?.destroy();
        return true;
      case 'hang':
        return true;
      case 'silence':
        begin(response, 200);
        return true;
      case 'cut':
      case 'say':
        return false;
    }
  }

  #list(
    response: ServerResponse,
    plural: Plural,
    query: URLSearchParams,
    misdeed: Misdeed | undefined,
  ): void {
    const asked = Number(query.get('resourceVersion') ?? '0');
    if (asked > this.store.version()) {
      fail(response, tooLarge(asked, this.store.version()));
      return;
    }
    const token = query.get('continue');
    const snapshot = token === null ? undefined : this.#snapshots.get(token);
    if (token !== null && (snapshot === undefined || snapshot.version < this.store.oldest())) {
      fail(response, CONTINUE_EXPIRED);
      return;
    }
    const version = snapshot?.version ?? this.store.version();
    const all = snapshot?.items ?? this.store.list(plural, selectorsOf(query));
    // The watch cache answers whole lists.
    const fromCache = query.get('resourceVersion') === '0';
    const limit = fromCache ? (this.pageAnyway ?? 0) : Number(query.get('limit') ?? '0');
    const items = limit > 0 ? all.slice(0, limit) : all;
    const rest = all.slice(items.length);
    const metadata = { resourceVersion: String(version), ...this.#continuation(items.at(-1), rest, version) };
    const { kind, apiVersion } = KINDS[plural];
    const body = `${JSON.stringify({ kind: `${kind}List`, apiVersion, metadata, items })}\n`;
    if (misdeed?.do !== 'cut') {
      answer(response, 200, body);
      return;
    }
    begin(response, 200);
    response.write(Buffer.from(body).subarray(0, misdeed.after), () => {
      if (misdeed.how === 'end') response.end();
      else response.socket?.destroy();
    });
  }

  #continuation(last: ApiObject | undefined, rest: readonly ApiObject[], version: number) {
    if (rest.length === 0 || last === undefined) return {};
    const start = `/${keyOf(last.metadata)}\\u0000`;
    const token = Buffer.from(`{"v":"meta.k8s.io/v1","rv":${version},"start":"${start}"}`).toString(
      'base64url',
    );
    this.#snapshots.set(token, { items: rest, version });
    return { continue: token, remainingItemCount: rest.length };
  }

  #watch(
    response: ServerResponse,
    plural: Plural,
    query: URLSearchParams,
    misdeed: Misdeed | undefined,
  ): void {
    const streams = query.get('sendInitialEvents') === 'true';
    if (streams && !this.watchList) {
      fail(response, NO_WATCH_LIST);
      return;
    }
    const from = Number(query.get('resourceVersion') ?? '0');
    begin(response, 200);
    if (!streams && from !== 0 && from < this.store.oldest()) {
      const object = statusObject(tooOld(from, this.store.oldest()));
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    if (misdeed?.do === 'say') {
      response.write(misdeed.text);
      if (misdeed.then === 'end') response.end();
      if (misdeed.then === 'reset') setTimeout(() => response.socket?.destroy(), 5);
      if (misdeed.then !== 'goOn') return;
    }
    const watch: Watch = { plural, selectors: selectorsOf(query), response, muted: false };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    const seconds = Number(query.get('timeoutSeconds') ?? '0');
    if (seconds > 0) {
      const timer = setTimeout(() => {
        this.#watches.delete(watch);
        response.end();
      }, seconds * 1000);
      response.on('close', () => clearTimeout(timer));
    }
    if (streams || from === 0) {
      for (const object of this.store.list(plural, watch.selectors)) {
        this.#tell(watch, { type: 'ADDED', object: typed(plural, object) });
      }
      if (streams) this.#tell(watch, bookmarkOf(plural, this.store.version(), true));
      return;
    }
    for (const happening of this.store.since(plural, from))
      this.#tell(watch, eventOf(happening, watch.selectors));
  }

  #publish(happening: Happening): void {
    for (const watch of this.#watches) {
      if (watch.plural === happening.plural) this.#tell(watch, eventOf(happening, watch.selectors));
    }
  }

  #tell({ response, muted }: Watch, event: unknown): void {
    if (event !== undefined && !muted) response.write(`${JSON.stringify(event)}\n`);
  }
}

function fail(response: ServerResponse, status: Status): void {
  answer(response, status.code, `${JSON.stringify(statusObject(status))}\n`, status.retryAfter);
}

function verbOf(query: URLSearchParams): Verb {
  if (!['1', 'true'].includes(query.get('watch') ?? '')) {
    return query.get('limit') === '1' ? 'probe' : 'list';
  }
  return query.get('sendInitialEvents') === 'true' ? 'stream' : 'watch';
}

function selectorsOf(query: URLSearchParams): Selectors {
  return {
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
  };
}
