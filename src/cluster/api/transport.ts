import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Access, Admission } from './access.ts';
import { faultOfResponse } from './classify.ts';
import { FaultError, silent } from './fault.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Milliseconds until there must be credentials, and again until the server must have begun its answer. */
  readonly answerWithin: number;
  readonly signal: AbortSignal;
}

/** What was asked and how it ended, for metrics; `code` is `<error>` where no answer came, as in client-go. */
export interface RequestReport {
  readonly method: 'GET' | 'POST';
  /** host:port */
  readonly host: string;
  readonly code: string;
  /** Until the answer began. */
  readonly seconds: number;
}

export interface TransportOptions {
  readonly userAgent: string;
  /** Milliseconds of stillness after which the kernel probes the connection. */
  readonly keepAlive: number;
  readonly onRequest?: (report: RequestReport) => void;
}

/** Sends a request; the answer's body is for the caller to read or to destroy. */
export type Transport = (request: ApiRequest) => Promise<IncomingMessage>;

/** A body that tells of a fault is short; of a longer one this much is read. */
const MOST_FAULT_BODY = 65_536;

/**
 * Requests to one API server over kept connections.
 *
 * @returns a function that throws FaultError for every answer that is no success, errors of the system
 *   where there is no answer, and an AbortError where the request's signal said stop
 */
export function transport(access: Access, options: TransportOptions): Transport {
  return async (request) => {
    const admission = await inTime(access.admit(), request);
    const report = reporter(request, admission, options);
    let response;
    try {
      response = await send(request, admission, options);
    } catch (error) {
      report('<error>');
      throw error;
    }
    const status = response.statusCode ?? 0;
    report(String(status));
    if (status >= 200 && status < 300) return response;
    const fault = faultOfResponse(status, response.headers['retry-after'], await shortBody(response));
    if (fault.kind === 'unauthorized') await access.renew(admission.generation);
    throw new FaultError(fault);
  };
}

/** What makes credentials may be a program of others, which may hang. */
async function inTime(
  admission: Promise<Admission>,
  { answerWithin, signal }: ApiRequest,
): Promise<Admission> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const message = `no credentials within ${answerWithin / 1000} s`;
  const late = setTimeout(() => reject(new FaultError({ kind: 'credentials', message })), answerWithin);
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([admission, over]);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
  }
}

function send(
  { method, path, query, body, answerWithin, signal }: ApiRequest,
  { url, headers, auth, agent }: Admission,
  { userAgent, keepAlive }: TransportOptions,
): Promise<IncomingMessage> {
  const start = url.protocol === 'http:' ? requestHttp : requestHttps;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
  return new Promise((resolve, reject) => {
    const request = start({
      // Numbers in brackets are for URLs only.
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? undefined : url.port,
      path: `${url.pathname.replace(/\/$/, '')}${path}${search}`,
      method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
      auth,
      agent,
      signal,
    });
    const late = setTimeout(() => {
      request.destroy(silent(`no answer within ${answerWithin / 1000} s`));
    }, answerWithin);
    request.on('socket', (socket) => socket.setKeepAlive(true, keepAlive));
    // Stays for the life of the request: a broken connection speaks up here too, after the answer began.
    request.on('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    request.on('response', (response) => {
      clearTimeout(late);
      // Until somebody reads the body; a reader is told by the stream itself.
      response.on('error', () => undefined);
      resolve(response);
    });
    request.end(text);
  });
}

async function shortBody(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  const late = setTimeout(() => response.destroy(), 5_000);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      parts.push(chunk);
      length += chunk.length;
      if (length > MOST_FAULT_BODY) break;
    }
  } catch {
    // The status says enough.
  } finally {
    clearTimeout(late);
  }
  return Buffer.concat(parts).toString('utf8');
}

function reporter({ method }: ApiRequest, { url }: Admission, { onRequest }: TransportOptions) {
  const start = performance.now();
  return (code: string): void => {
    onRequest?.({ method, host: url.host, code, seconds: (performance.now() - start) / 1000 });
  };
}
