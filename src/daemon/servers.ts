import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import { parseHostPort } from '../config/host-port.ts';
import type { Routes } from '../health/http/routes.ts';
import { serve, type ServerReport } from '../health/http/serve.ts';
import type { Settings } from '../model/settings.ts';

export interface ServersOptions {
  readonly settings: Settings;
  readonly healthz: Routes;
  readonly metrics: Routes;
  readonly log: Logger;
  readonly postEvent: PostEvent;
}

/** As kube-proxy names these events. */
const FAILURES: Readonly<Record<string, string>> = {
  healthz: 'FailedToStartProxierHealthcheck',
  metrics: 'FailedToStartMetricServer',
};

/**
 * Serves /healthz and /livez, and metrics, until the signal aborts.
 *
 * @throws Error with bindAddressHardFail, where an address cannot be had
 */
export async function runServers(options: ServersOptions, signal: AbortSignal): Promise<void> {
  const { settings, log, postEvent } = options;
  const report = (event: ServerReport): void => {
    switch (event.kind) {
      case 'listening':
        log.info({ server: event.server, address: event.address }, 'serving');
        return;
      case 'fault':
        log.debug({ server: event.server, error: event.error.message }, 'a request failed');
        return;
      case 'cannotListen': {
        const note = event.error.message;
        log.error({ server: event.server, error: note, retryAfter: event.retryAfter }, 'cannot serve');
        const reason = FAILURES[event.server] ?? 'FailedToStartServer';
        postEvent({ type: 'Warning', reason, action: 'StartKubeProxy', note });
      }
    }
  };
  const start = (server: string, address: string | undefined, routes: Routes): Promise<void> => {
    const at = address === undefined ? undefined : parseHostPort(address);
    if (at === undefined) return Promise.resolve();
    return serve({ server, at, routes, hardFail: settings.bindAddressHardFail, signal, report });
  };
  await Promise.all([
    start('healthz', settings.healthzBindAddress, options.healthz),
    start('metrics', settings.metricsBindAddress, options.metrics),
  ]);
}
