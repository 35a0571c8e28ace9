import { get, type IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import * as z from 'zod/mini';
import type { HostPort } from '../config/host-port.ts';
import { isUnspecified, joinHostPort, type Address } from '../net/address.ts';
import { statusReportSchema, type StatusReport } from '../status/schema.ts';

/** The daemon did not tell how it is doing; the message says what to look at. */
export class StatusError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StatusError';
  }
}

/** Milliseconds. A daemon that writes 10,000 services answers between two steps of that. */
const PATIENCE = 10_000;
const LOOPBACK = '127.0.0.1' as Address;

/**
 * Asks a running daemon how it is doing, where its metrics are served. An unspecified address is asked by
 * loopback.
 *
 * @param stop gives up
 * @throws StatusError
 */
export async function askStatus({ address, port }: HostPort, stop?: AbortSignal): Promise<StatusReport> {
  const where = joinHostPort(isUnspecified(address) ? LOOPBACK : address, port);
  const patience = AbortSignal.timeout(PATIENCE);
  let response;
  let body;
  try {
    response = await answerOf(
      `http://${where}/status`,
      stop === undefined ? patience : AbortSignal.any([patience, stop]),
    );
    body = await readText(response);
  } catch (error) {
    throw new StatusError(unreachable(where, error as NodeJS.ErrnoException));
  }
  if (response.statusCode !== 200) {
    throw new StatusError(
      `${where} answers ${response.statusCode ?? 0} to /status: it is another program, such as kube-proxy, or an older chainwright; see that --address names where chainwright run serves its metrics`,
    );
  }
  return readReport(where, body);
}

function answerOf(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, signal }, resolve).on('error', reject);
  });
}

function unreachable(where: string, { code, name, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') {
    return `nobody listens on ${where}: see that chainwright run is running on this node, and that it serves its metrics there (--metrics-bind-address, metricsBindAddress of its --config)`;
  }
  if (name === 'TimeoutError' || code === 'ABORT_ERR') {
    return `${where} gave no answer within ${PATIENCE / 1000} s: the process may be stopped or starved, or a firewall is between; look at its log`;
  }
  return `${where} cannot be asked: ${message}; see that the address is right and that chainwright run is running there`;
}

/** A newer daemon may tell more than is known here, which is passed over. */
function readReport(where: string, body: string): StatusReport {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new StatusError(`${where} answers with something else than JSON: it is another program`);
  }
  const { error } = z.safeParse(statusReportSchema, answer);
  const wrong = error?.issues.filter(({ code }) => code !== 'unrecognized_keys') ?? [];
  const [first] = wrong;
  if (first === undefined) return answer as StatusReport;
  throw new StatusError(
    `${where} answers in another shape (${first.path.join('.')}: ${first.message}): is it a chainwright of another version?`,
  );
}
