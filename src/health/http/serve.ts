import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { HostPort } from '../../config/host-port.ts';
import type { Milliseconds } from '../../model/settings.ts';
import { joinHostPort } from '../../net/address.ts';
import { closeServer } from './close.ts';
import { createHardenedServer } from './hardened-server.ts';
import { listen } from './listen.ts';
import type { Routes } from './routes.ts';

/** What happens to a server, for the log and for Events on the Node. */
export type ServerReport =
  /** `address` has the port that the kernel chose where 0 was asked for. */
  | { readonly kind: 'listening'; readonly server: string; readonly address: string }
  /** Tried again after `retryAfter`. */
  | {
      readonly kind: 'cannotListen';
      readonly server: string;
      readonly error: Error;
      readonly retryAfter: Milliseconds;
    }
  /** One request or connection failed; the server goes on. */
  | { readonly kind: 'fault'; readonly server: string; readonly error: Error };

export interface ServeOptions {
  /** As the reports name it: `healthz`, `metrics`. */
  readonly server: string;
  /** An unspecified address listens for both families. */
  readonly at: HostPort;
  readonly routes: Routes;
  /** bindAddressHardFail: an address that cannot be had is an error, and not tried again. */
  readonly hardFail: boolean;
  readonly signal: AbortSignal;
  readonly report: (report: ServerReport) => void;
  /** Between two attempts to have the address; kube-proxy's 5 s where not given. */
  readonly retryAfter?: Milliseconds;
}

const RETRY_AFTER = 5_000;
/** The program must be gone within 2 s of being asked to; a scrape under way may finish. */
const CLOSING_GRACE = 500;

/**
 * Serves until the signal aborts, then closes within a second.
 *
 * @throws Error with `hardFail`, where the address cannot be had
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { server: name, at, routes, hardFail, signal, report, retryAfter = RETRY_AFTER } = options;
  while (!signal.aborted) {
    const server = createHardenedServer(routes, (error) => report({ kind: 'fault', server: name, error }));
    try {
      const port = await listen(server, at, 'bothFamilies');
      report({ kind: 'listening', server: name, address: joinHostPort(at.address, port) });
    } catch (cause) {
      const error = new Error(`${name} server: ${(cause as Error).message}`, { cause });
      if (hardFail) throw error;
      report({ kind: 'cannotListen', server: name, error, retryAfter });
      await pause(retryAfter, undefined, { signal }).catch(() => undefined);
      continue;
    }
    await aborted(signal);
    await closeServer(server, CLOSING_GRACE);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
