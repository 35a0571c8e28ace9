import type { Logger } from 'pino';
import type { LayoutSettings } from '../chains/layout-choice.ts';
import type { PostEvent } from '../cluster/api/node-event.ts';
import type { Source } from '../cluster/source.ts';
import type { Configuration } from '../config/configuration.ts';
import { FLAGS, type FlagValues } from '../config/flags.ts';
import { configurationObject } from '../config/write.ts';
import { systemClock } from '../health/clock.ts';
import { trackHealth } from '../health/proxy-health.ts';
import { probeRoutes } from '../health/probe-routes.ts';
import type { Backend } from '../iptables/backend.ts';
import type { MetricsStore } from '../metrics/metrics.ts';
import { metricsRoutes } from '../metrics/routes.ts';
import { flagzText } from '../metrics/zpages.ts';
import type { Settings } from '../model/settings.ts';
import { isConntrackLiberal, readInterfaceAddresses } from '../node/host.ts';
import type { SyncReport } from '../reconciler/observer.ts';
import { startReconciler } from '../reconciler/reconciler.ts';
import type { SourceRecord } from '../status/source-record.ts';
import { syncRecord } from '../status/sync-record.ts';
import type { VerifyMode } from '../verify/choice.ts';
import { afterSyncs } from './after-syncs.ts';
import { conntrackDuty } from './conntrack-duty.ts';
import { healthCheckDuty } from './health-check-duty.ts';
import { setLazyGauges } from './lazy-gauges.ts';
import { memoryReturn } from './memory.ts';
import { watchNodePorts } from './node-port-watch.ts';
import { observe } from './observe.ts';
import { programmingLatency } from './programming-latency.ts';
import { recordChanges } from './record-changes.ts';
import { runServers } from './servers.ts';
import { statusNow } from './status.ts';
import { verificationFor } from './verification.ts';

export interface DaemonOptions {
  readonly settings: Settings;
  readonly configuration: Configuration;
  /** Those that were given, for /flagz. */
  readonly flags: FlagValues;
  /** Of this program. */
  readonly version: string;
  readonly nodeName: string;
  readonly backends: readonly Backend[];
  readonly layout: LayoutSettings;
  readonly source: Source;
  readonly sourceRecord: SourceRecord;
  readonly metricsStore: MetricsStore;
  readonly log: Logger;
  readonly postEvent: PostEvent;
  readonly resetGoneEndpoints: boolean;
  readonly verify: VerifyMode;
  /** Done once, after the first sync of each family. */
  readonly afterFirstRules: () => Promise<void>;
}

/**
 * Keeps the node's rules what the cluster says, until the signal aborts. The rules stay.
 *
 * @throws what makes it impossible to go on: with bindAddressHardFail an address that is taken
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { settings, nodeName, backends, log, postEvent, metricsStore, sourceRecord } = options;
  const { metrics } = metricsStore;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const conntrackLiberal = await isConntrackLiberal();
  const health = trackHealth({ syncPeriod: settings.syncPeriod, clock: systemClock });
  for (const { family } of backends) health.updated(family);
  const latency = { ipv4: programmingLatency(Date.now), ipv6: programmingLatency(Date.now) };

  const syncs = syncRecord(Date.now);
  const reconciler = startReconciler(
    {
      nodeName,
      settings,
      backends,
      layout: options.layout,
      host: () => ({ interfaceAddresses: readInterfaceAddresses(), conntrackLiberal }),
      observer: observe({ log, metrics, health, latency, postEvent, afterSync, record: syncs.observer }),
      verification: verificationFor({ mode: options.verify, log, metrics, postEvent, record: syncs }),
    },
    either,
  );
  const { store, view } = reconciler;
  const families = backends.map(({ family }) => family);
  const nodePorts = watchNodePorts(
    {
      routes: () => families.map((family) => ({ view: view(family), routes: reconciler.routes(family) })),
      interfaceAddresses: readInterfaceAddresses,
      metrics,
      log,
      postEvent,
    },
    either,
  );
  const conntrack = conntrackDuty({
    store,
    nodeName,
    log,
    metrics,
    routes: reconciler.routes,
    resetGoneEndpoints: options.resetGoneEndpoints,
  });
  const healthChecks = new Map(
    backends.map(({ family }) => [
      family,
      healthCheckDuty({
        family,
        store,
        log,
        metrics,
        postEvent,
        view: () => view(family),
        proxyHealthy: () => health.health().healthy,
      }),
    ]),
  );

  const duties = afterSyncs({
    ...{ families, healthChecks, conntrack, log },
    afterFirstRules: options.afterFirstRules,
    isWriting: reconciler.isWriting,
    returnMemory: memoryReturn(),
  });
  function afterSync(report: SyncReport): void {
    nodePorts.afterSync(report);
    duties.note(report);
  }

  const listener = recordChanges({
    ...{ listener: reconciler.listener, sourceRecord, metrics },
    latency: families.map((family) => latency[family]),
  });
  const servers = runServers(
    {
      settings,
      log,
      postEvent,
      healthz: probeRoutes({
        health: health.health,
        node: store.node,
        onAnswer: (probe, code) =>
          metrics[probe === 'healthz' ? 'healthzProbes' : 'livezProbes'].inc({ code }),
      }),
      metrics: metricsRoutes({
        metricsText: () => {
          setLazyGauges(metrics, families, reconciler);
          return metricsStore.text();
        },
        configuration: () => configurationObject(options.configuration),
        enableProfiling: settings.enableProfiling,
        version: options.version,
        flags: () => flagzText(FLAGS, options.flags),
        status: () =>
          statusNow({
            ...{ version: options.version, nodeName, layout: options.layout, backends },
            verify: options.verify,
            ...{ reconciler, syncs, source: sourceRecord, health, nodePorts, healthChecks },
          }),
      }),
    },
    either,
  );
  postEvent({ type: 'Normal', reason: 'Starting', action: 'StartKubeProxy', note: '' });
  const parts = [options.source.run(listener, either), reconciler.done, servers, nodePorts.done];
  try {
    await Promise.all(parts);
  } finally {
    stop.abort();
    // One that failed ends the others, and a tool that writes rules may be at work.
    await Promise.allSettled(parts);
    await Promise.all([...healthChecks.values()].map(({ close }) => close()));
    await duties.settled();
  }
}
