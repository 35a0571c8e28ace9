import type { Family } from '../net/address.ts';
import { serviceKey } from '../routing/routes.ts';
import { healthCheckAnswer } from './health-check-answer.ts';
import {
  openListener,
  sameAddresses,
  type HealthCheckListener,
  type ListenAddresses,
} from './health-check-listener.ts';
import type { HealthCheck } from './health-check.ts';
import type { OnFault } from './http/hardened-server.ts';

/** A port that could not be opened. */
export interface HealthCheckFailure {
  readonly check: HealthCheck;
  /** A sentence that names address and port. */
  readonly message: string;
}

export interface ServiceHealthOptions {
  readonly family: Family;
  /** Whether the rules are current, in all families. */
  readonly proxyHealthy: () => boolean;
  /** Called when a port fails to open for the first time, or for another reason than before. */
  readonly onFailure: (failure: HealthCheckFailure) => void;
  readonly onFault: OnFault;
}

/** The health-check node ports of one family. */
export interface ServiceHealth {
  /**
   * Makes these the ports that are open, on these addresses. Counts of endpoints hold at once; ports are
   * opened and closed after those of the sync before, and one that failed is tried again.
   *
   * @returns all ports that are not open now, though they should be; never rejects
   */
  readonly sync: (
    checks: readonly HealthCheck[],
    addresses: ListenAddresses,
  ) => Promise<readonly HealthCheckFailure[]>;
  /** Closes all ports for good. */
  readonly close: () => Promise<void>;
}

export function createServiceHealth(options: ServiceHealthOptions): ServiceHealth {
  const listeners = new Map<string, HealthCheckListener>();
  const reported = new Map<string, string>();
  let counts: ReadonlyMap<string, number> = new Map();
  let previous: Promise<unknown> = Promise.resolve();
  let ended = false;

  return {
    sync(checks, addresses) {
      counts = new Map(checks.map((check) => [serviceKey(check), check.localEndpoints]));
      return inTurn(() => apply(ended ? [] : checks, addresses));
    },
    async close() {
      ended = true;
      await inTurn(() => apply([], 'all'));
    },
  };

  function inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = previous.then(step);
    // What fails is told to who asked for it; the next step has its turn all the same.
    previous = result.catch(() => undefined);
    return result;
  }

  async function apply(
    checks: readonly HealthCheck[],
    addresses: ListenAddresses,
  ): Promise<readonly HealthCheckFailure[]> {
    const wanted = new Map(checks.map((check) => [serviceKey(check), check]));
    await closeAllBut(wanted, addresses);
    const failures: HealthCheckFailure[] = [];
    for (const [service, check] of wanted) {
      if (listeners.has(service)) continue;
      const message = await open(service, check, addresses);
      if (message !== undefined) failures.push({ check, message });
    }
    reportNew(failures);
    return failures;
  }

  async function closeAllBut(
    wanted: ReadonlyMap<string, HealthCheck>,
    addresses: ListenAddresses,
  ): Promise<void> {
    const unwanted = [...listeners].filter(
      ([service, { port, addresses: bound }]) =>
        wanted.get(service)?.port !== port || !sameAddresses(bound, addresses),
    );
    for (const [service] of unwanted) listeners.delete(service);
    await Promise.all(unwanted.map(([, listener]) => listener.close()));
  }

  /** Tells why it failed. Of two services with one port the first to come keeps it. */
  async function open(
    service: string,
    check: HealthCheck,
    addresses: ListenAddresses,
  ): Promise<string | undefined> {
    const { port } = check;
    const [holder] = [...listeners].find(([, listener]) => listener.port === port) ?? [];
    if (holder !== undefined) return `port ${port} is the health-check node port of ${holder} already`;
    const answer = () => healthCheckAnswer(check, counts.get(service) ?? 0, options.proxyHealthy());
    const { family, onFault } = options;
    try {
      listeners.set(
        service,
        await openListener({ family, port, addresses, routes: { '/': answer }, onFault }),
      );
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  function reportNew(failures: readonly HealthCheckFailure[]): void {
    const known = new Map(reported);
    reported.clear();
    for (const failure of failures) {
      const service = serviceKey(failure.check);
      reported.set(service, failure.message);
      if (known.get(service) !== failure.message) options.onFailure(failure);
    }
  }
}
