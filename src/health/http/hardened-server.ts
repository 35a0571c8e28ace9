import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { methodNotAllowed, notFound, text, type Answer } from './answer.ts';
import { findHandler, readQuestion, type Routes } from './routes.ts';

/**
 * These ports answer anybody who reaches the node: whatever a client does, it must cost little and end
 * soon. Milliseconds and bytes.
 */
const LIMITS = {
  /** From the connection, or the last request on it, to the end of the headers. */
  headersTimeout: 5_000,
  /** To the end of a body that nobody reads. */
  requestTimeout: 10_000,
  /** Longer than the usual pause of 60 s between two looks of a monitoring system. */
  keepAliveTimeout: 65_000,
  /** How often the first two are enforced. */
  connectionsCheckingInterval: 2_500,
  maxHeaderSize: 8_192,
} as const;

/** A client that neither reads nor writes, in the middle of an answer, is cut off. */
const SILENCE_TIMEOUT = 30_000;
const MOST_CONNECTIONS = 128;
/** Of these, connections on which no answer is under way: kept for later, or with a request that never ends. */
const MOST_WAITING = 64;

/** A fault that one request, or one attempt to connect, ran into. The server goes on. */
export type OnFault = (fault: Error) => void;

/** An HTTP server for GET and HEAD that does not listen yet. */
export function createHardenedServer(routes: Routes, onFault: OnFault): Server {
  // An import statement would evaluate every export of the module, WebSocket among them: 13 MB for nothing.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(LIMITS, (request, response) => {
    void respond(request, response, routes, onFault).catch((cause: unknown) => {
      // Not even the answer that tells of a failure could be sent; the client sees a broken one.
      response.destroy();
      onFault(new Error(`answering ${String(request.url)} failed: ${messageOf(cause)}`, { cause }));
    });
  });
  server.timeout = SILENCE_TIMEOUT;
  server.maxConnections = MOST_CONNECTIONS;
  makeRoom(server);
  // Accepting can fail for a while, such as when the machine runs out of file descriptors.
  server.on('error', (error) => {
    if (server.listening) onFault(error);
  });
  return server;
}

/**
 * Who waits must not lock out a health check, which asks at once: of the connections without an answer under
 * way, each new one too many ends the one that has waited longest.
 */
function makeRoom(server: Server): void {
  const waiting = new Set<Socket>();
  const wait = (socket: Socket): void => {
    if (socket.destroyed) return;
    waiting.add(socket);
    if (waiting.size > MOST_WAITING) waiting.values().next().value?.destroy();
  };
  server.on('connection', (socket: Socket) => {
    socket.once('close', () => waiting.delete(socket));
    wait(socket);
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    waiting.delete(socket);
    response.once('close', () => wait(socket));
  });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  onFault: OnFault,
): Promise<void> {
  // As kube-proxy: a connection that stays open needs no header to say so in HTTP/1.1.
  if (response.shouldKeepAlive && request.httpVersion === '1.1') response.removeHeader('Connection');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Connection', 'close');
    await send(response, methodNotAllowed());
    return;
  }
  await send(response, await answerOf(routes, request.url ?? '/', onFault));
}

async function answerOf(routes: Routes, target: string, onFault: OnFault): Promise<Answer> {
  const question = readQuestion(target);
  const handler = findHandler(routes, question.path);
  if (handler === undefined) return notFound();
  try {
    return await handler(question);
  } catch (cause) {
    onFault(new Error(`answering ${question.path} failed: ${messageOf(cause)}`, { cause }));
    return text(500, 'this failed; the log tells why\n');
  }
}

async function send(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  if (typeof body === 'string') {
    response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(body), response);
  } catch (error) {
    // The client has gone, which is its right.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
