import { json, text, type Answer } from '../health/http/answer.ts';
import type { Routes } from '../health/http/routes.ts';
import { TEXT_FORMAT } from './text.ts';
import { statuszText } from './zpages.ts';

export interface MetricsSources {
  /** In the text format of Prometheus. */
  readonly metricsText: () => string;
  /** The KubeProxyConfiguration in force, in the shape of the API. */
  readonly configuration: () => Readonly<Record<string, unknown>>;
  readonly enableProfiling: boolean;
  /** Of this program. */
  readonly version: string;
  /** The flags in force, as text. */
  readonly flags: () => string;
  /** How the program is doing, in the shape that `chainwright schema status` tells. */
  readonly status: () => object;
}

/**
 * What metricsBindAddress serves, as kube-proxy does; more can be added beside it.
 * `/healthz` tells here only that the program answers; the health of the rules is told elsewhere.
 */
export function metricsRoutes(sources: MetricsSources): Routes {
  const { metricsText, configuration, enableProfiling, version, flags, status } = sources;
  const routes: Routes = {
    '/healthz': () => text(200, 'ok'),
    '/metrics': () => metricsAnswer(metricsText()),
    '/proxyMode': () => text(200, 'iptables'),
    '/configz': () => json(200, { [CONFIG_GROUP]: configuration() }),
    '/flagz': () => text(200, flags()),
    '/status': () => json(200, status()),
    ...(enableProfiling && { '/debug/pprof/': noProfiles, '/debug/pprof': noProfiles }),
  };
  const paths = Object.keys(routes);
  const statusz = (): Answer =>
    text(200, statuszText({ version, started: performance.timeOrigin, now: Date.now(), paths }));
  return { ...routes, '/statusz': statusz };
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
