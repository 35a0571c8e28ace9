import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/* The API server's manner of speaking: its headers and its Status objects. */

const FLOW = {
  'X-Kubernetes-Pf-Flowschema-Uid': 'a19def8a-3ab8-4925-8509-1d8f66344759',
  'X-Kubernetes-Pf-Prioritylevel-Uid': '8ac93f8f-4be4-464f-a9db-73f2710e885f',
};

export interface Status {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: unknown;
  /** Seconds, as a header. */
  readonly retryAfter?: number;
}

export function statusObject({ code, reason, message, details }: Status) {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export const UNAUTHORIZED: Status = { code: 401, reason: 'Unauthorized', message: 'Unauthorized' };

export const NO_WATCH_LIST: Status = {
  code: 422,
  reason: 'Invalid',
  message:
    'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
};

export const CONTINUE_EXPIRED: Status = {
  code: 410,
  reason: 'Expired',
  message: 'The provided continue parameter is too old to display a consistent list result.',
};

export function tooLarge(asked: number, current: number): Status {
  return {
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    retryAfter: 1,
  };
}

export function tooOld(asked: number, oldest: number): Status {
  return { code: 410, reason: 'Expired', message: `too old resource version: ${asked} (${oldest})` };
}

export function notFound(resource: string, name: string): Status {
  return {
    code: 404,
    reason: 'NotFound',
    message: `${resource} "${name}" not found`,
    details: { name, kind: resource },
  };
}

/** Go's net/http says the length of answers of up to 2 KiB, and sends longer ones in chunks. */
const MOST_WITH_LENGTH = 2048;

export function answer(response: ServerResponse, code: number, body: string, retryAfter?: number): void {
  begin(response, code, {
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    ...(body.length > MOST_WITH_LENGTH ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
  });
  response.end(body);
}

export function begin(
  response: ServerResponse,
  code: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { 'Content-Length': length, ...others } = headers;
  response.sendDate = false;
  response.removeHeader('connection');
  response.writeHead(code, {
    'Audit-Id': randomUUID(),
    'Cache-Control': 'no-cache, private',
    'Content-Type': 'application/json',
    ...others,
    ...(code === 401 ? {} : FLOW),
    Date: new Date().toUTCString(),
    ...(length === undefined ? {} : { 'Content-Length': length }),
  });
  response.flushHeaders();
}
