import { json, text, type Answer } from '../health/http/answer.ts';
import type { Routes } from '../health/http/routes.ts';
import { TEXT_FORMAT } from './text.ts';

export interface MetricsSources {
  /** In the text format of Prometheus. */
  readonly metricsText: () => string;
  /** The KubeProxyConfiguration in force, in the shape of the API. */
  readonly configuration: () => Readonly<Record<string, unknown>>;
  readonly enableProfiling: boolean;
}

/**
 * What metricsBindAddress serves, as kube-proxy does; more can be added beside it.
 * `/healthz` tells here only that the program answers; the health of the rules is told elsewhere.
 */
export function metricsRoutes({ metricsText, configuration, enableProfiling }: MetricsSources): Routes {
  return {
    '/healthz': () => text(200, 'ok'),
    '/metrics': () => metricsAnswer(metricsText()),
    '/proxyMode': () => text(200, 'iptables'),
    '/configz': () => json(200, { [CONFIG_GROUP]: configuration() }),
    ...(enableProfiling && { '/debug/pprof/': noProfiles, '/debug/pprof': noProfiles }),
  };
}

const CONFIG_GROUP = 'kubeproxy.config.k8s.io';

function metricsAnswer(body: string): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': TEXT_FORMAT, 'Process-Start-Time-Unix': STARTED },
    body,
  };
}

/** Seconds since 1970; other Kubernetes components send this too, to tell a restart from a reset. */
const STARTED = String(Math.floor(performance.timeOrigin / 1000));

function noProfiles(): Answer {
  return text(
    501,
    'There are no pprof profiles here: pprof is for Go, and this program runs on Node.js.\n' +
      'Send it SIGUSR1 and attach the Chrome DevTools to 127.0.0.1:9229 to take processor and heap profiles.\n',
  );
}
