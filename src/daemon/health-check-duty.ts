import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import { familyName } from '../net/family-name.ts';
import type { ListenAddresses } from '../health/health-check-listener.ts';
import { healthCheckOf } from '../health/health-check.ts';
import {
  createServiceHealth,
  type HealthCheckFailure,
  type ServiceHealth,
} from '../health/service-health.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Family } from '../net/address.ts';
import type { ClusterStore } from '../reconciler/store.ts';
import type { NodeView } from '../routing/node-view.ts';

export interface HealthCheckDutyOptions {
  readonly family: Family;
  readonly store: ClusterStore;
  readonly view: () => NodeView;
  readonly proxyHealthy: () => boolean;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly postEvent: PostEvent;
}

/** Keeps the health-check node ports of one family open and their counts true. */
export interface HealthCheckDuty {
  /** After a sync. */
  readonly sync: () => Promise<void>;
  /** The ports that could not be opened at the last sync. */
  readonly failures: () => readonly HealthCheckFailure[];
  readonly close: () => Promise<void>;
}

export function healthCheckDuty(options: HealthCheckDutyOptions): HealthCheckDuty {
  const { family, store, view, log, metrics, postEvent } = options;
  let failures: readonly HealthCheckFailure[] = [];
  const health: ServiceHealth = createServiceHealth({
    family,
    proxyHealthy: options.proxyHealthy,
    onFailure: ({ check, message }) => {
      log.error(
        { family, service: `${check.namespace}/${check.name}`, error: message },
        'health-check node port',
      );
      const note = `node ${view().name} cannot serve the health checks of service ${check.namespace}/${check.name}: ${message}`;
      postEvent({
        type: 'Warning',
        reason: 'FailedToStartServiceHealthcheck',
        action: 'Listen',
        note,
        service: { namespace: check.namespace, name: check.name },
      });
    },
    onFault: (error) => log.debug({ error: error.message }, 'a health check was not answered'),
  });
  return {
    sync: async () => {
      const now = view();
      const checks = [...store.services].flatMap(([key, service]) => {
        if (service.healthCheckNodePort === undefined) return [];
        return healthCheckOf(service, store.slicesOf(key), now) ?? [];
      });
      failures = await health.sync(checks, listenAddresses(now));
      metrics.closedHealthCheckPorts.set({ ipFamily: familyName(family) }, failures.length);
    },
    failures: () => failures,
    close: () => health.close(),
  };
}

/** Where node ports answer, health checks do. */
function listenAddresses({ nodePorts }: NodeView): ListenAddresses {
  return nodePorts.kind === 'addresses' ? nodePorts.addresses : 'all';
}
