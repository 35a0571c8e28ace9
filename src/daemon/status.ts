import type { LayoutSettings } from '../chains/layout-choice.ts';
import type { HealthTracker } from '../health/proxy-health.ts';
import type { Backend } from '../iptables/backend.ts';
import type { Reconciler } from '../reconciler/reconciler.ts';
import type { FamilyFacts } from '../status/facts.ts';
import { statusReport } from '../status/report.ts';
import type { StatusReport } from '../status/schema.ts';
import type { SourceRecord } from '../status/source-record.ts';
import type { SyncRecord } from '../status/sync-record.ts';
import type { VerifyMode } from '../verify/choice.ts';
import type { HealthCheckDuty } from './health-check-duty.ts';
import type { NodePortWatch } from './node-port-watch.ts';

/** Those parts of the daemon that know how it is doing. */
export interface StatusSources {
  readonly version: string;
  readonly nodeName: string;
  readonly layout: LayoutSettings;
  readonly verify: VerifyMode;
  readonly backends: readonly Backend[];
  readonly reconciler: Reconciler;
  readonly syncs: SyncRecord;
  readonly source: SourceRecord;
  readonly health: HealthTracker;
  readonly nodePorts: NodePortWatch;
  readonly healthChecks: ReadonlyMap<Backend['family'], HealthCheckDuty>;
}

/** How the daemon is doing now, gathered when somebody asks. */
export function statusNow(sources: StatusSources): StatusReport {
  const { version, nodeName, layout, backends, reconciler, source, nodePorts } = sources;
  const { rss, heapUsed } = process.memoryUsage();
  return statusReport({
    version,
    node: nodeName,
    now: Date.now(),
    started: performance.timeOrigin,
    layout,
    verify: sources.verify,
    store: reconciler.store,
    source: source.state(),
    families: backends.flatMap((backend) => familyFacts(backend, sources)),
    takenNodePorts: nodePorts.taken(),
    memory: { resident: rss, heap: heapUsed },
  });
}

function familyFacts({ family, kind }: Backend, sources: StatusSources): readonly FamilyFacts[] {
  const { reconciler, syncs, health, healthChecks } = sources;
  const progress = reconciler.progress(family);
  if (progress === undefined) return [];
  const onTime = health.health().families.find((each) => each.family === family);
  const closed = healthChecks.get(family)?.failures() ?? [];
  return [
    {
      view: reconciler.view(family),
      backend: kind,
      progress,
      record: syncs.of(family),
      isOnTime: onTime?.healthy ?? true,
      routes: [...reconciler.routes(family)],
      closedPorts: closed.map(({ check, message }) => ({
        service: `${check.namespace}/${check.name}`,
        message,
      })),
    },
  ];
}
