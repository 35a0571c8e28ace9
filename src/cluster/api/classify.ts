import * as z from 'zod/mini';
import { FaultError, type Fault } from './fault.ts';

/** What the API server says instead of an answer, in a body or in an ERROR event. */
const statusSchema = z.object({
  message: z.optional(z.string()),
  reason: z.optional(z.string()),
  code: z.optional(z.number()),
  details: z.optional(
    z.object({
      causes: z.optional(z.array(z.object({ reason: z.optional(z.string()) }))),
      retryAfterSeconds: z.optional(z.number()),
    }),
  ),
});

/** A Retry-After beyond this is taken for a mistake: a node must not sleep through the repair. */
const LONGEST_RETRY_AFTER = 120_000;

/** Messages go to the log, and a server may say anything at any length. */
const LONGEST_MESSAGE = 1_000;

/** The fault of an answer that is no success. The body may be anything: proxies answer in HTML. */
export function faultOfResponse(status: number, retryAfter: string | undefined, body: string): Fault {
  return faultOfStatus(parseStatus(body), status, secondsOf(retryAfter));
}

/** The fault of an ERROR event, whose object should be a Status. */
export function faultOfErrorEvent(object: unknown): Fault {
  const parsed = statusSchema.safeParse(object);
  if (!parsed.success) return { kind: 'garbled', message: 'ERROR event without a Status' };
  return faultOfStatus(parsed.data, parsed.data.code ?? 500, undefined);
}

/**
 * The fault that an exception stands for.
 *
 * @throws the exception itself where it is no fault of the connection but a bug of ours
 */
export function faultOfException(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault;
  if (!(error instanceof Error) || !('code' in error)) throw error;
  return { kind: 'connection', message: describe(error) };
}

function faultOfStatus(status: Status, code: number, retryAfterHeader: number | undefined): Fault {
  const words = [code, status.reason, status.message].filter((part) => part !== undefined).join(' ');
  const message = words.slice(0, LONGEST_MESSAGE);
  const retryAfter = retryAfterHeader ?? milliseconds(status.details?.retryAfterSeconds);
  const causes = status.details?.causes ?? [];
  if (causes.some(({ reason }) => reason === 'ResourceVersionTooLarge')) return { kind: 'ahead', message };
  if (code === 410 || status.reason === 'Expired' || status.reason === 'Gone')
    return { kind: 'expired', message };
  if (code === 429 || code >= 500) return { kind: 'busy', message, retryAfter };
  switch (code) {
    case 400:
    case 422:
      return { kind: 'unsupported', message };
    case 401:
      return { kind: 'unauthorized', message };
    case 403:
      return { kind: 'forbidden', message };
    default:
      return { kind: 'refused', message };
  }
}

type Status = z.infer<typeof statusSchema>;

function parseStatus(body: string): Status {
  try {
    const parsed = statusSchema.safeParse(JSON.parse(body));
    if (parsed.success) return parsed.data;
  } catch {
    // Not JSON: a load balancer speaks. The status line has to do.
  }
  return {};
}

/** Retry-After in seconds; its other form, a date, hangs on clocks that agree and is let go. */
function secondsOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\s*\d{1,9}\s*$/.test(header) ? milliseconds(Number(header)) : undefined;
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.min(Math.max(seconds, 0) * 1000, LONGEST_RETRY_AFTER);
}

/** Where a name has several addresses, what each of them answered. */
function describe(error: Error): string {
  const each = error instanceof AggregateError ? error.errors.map((part) => String(part)) : [];
  const text = each.length > 0 ? each.join('; ') : error.message;
  return text === '' ? String((error as NodeJS.ErrnoException).code) : text;
}
