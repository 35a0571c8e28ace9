import type { Logger } from 'pino';
import packageJson from '../../package.json' with { type: 'json' };
import { connectApi } from '../cluster/api/connect.ts';
import { nodeEvents, type PostEvent } from '../cluster/api/node-event.ts';
import { apiSource } from '../cluster/api/source.ts';
import type { ApiTelemetry } from '../cluster/api/telemetry.ts';
import type { Source } from '../cluster/source.ts';
import type { Metrics, MetricsStore } from '../metrics/metrics.ts';
import { sourceRecord, type SourceRecord } from '../status/source-record.ts';

export interface ApiSourceContext {
  readonly master: string | undefined;
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly log: Logger;
  readonly metricsStore: MetricsStore;
}

/** Where the cluster is known from, where Events go, and how the source is doing. */
export interface ChosenSource {
  readonly source: Source;
  readonly sourceRecord: SourceRecord;
  readonly postEvent: PostEvent;
}

/** The cluster's own API as the source, and where Events go. */
export async function apiSourceOf(
  { master, kubeconfig, nodeName, log, metricsStore }: ApiSourceContext,
  signal: AbortSignal,
): Promise<ChosenSource> {
  const telemetry = telemetryOf(metricsStore.metrics);
  const choice = { kubeconfig, ...(master === undefined ? {} : { master }) };
  const { server, send } = await connectApi(choice, `chainwright/${packageJson.version}`, telemetry);
  log.info({ server }, 'the cluster is followed by its API');
  const record = sourceRecord({ kind: 'api', where: server });
  const postEvent = nodeEvents({ send, nodeName, log, signal });
  const onBadObject = badObjectEvents(postEvent);
  return {
    source: apiSource({ send, nodeName, log, telemetry: { ...alsoTelling(telemetry, record), onBadObject } }),
    sourceRecord: record,
    postEvent,
  };
}

/** A name that may stand in the path of a request. */
const SERVICE_KEY = /^([a-z0-9-]+)\/([a-z0-9-]+)$/;

/** What is wrong with a Service is told where its author looks, and all else at the Node. */
export function badObjectEvents(postEvent: PostEvent): NonNullable<ApiTelemetry['onBadObject']> {
  return (resource, key, problems) => {
    const [, namespace, name] = (resource === 'services' ? SERVICE_KEY.exec(key) : null) ?? [];
    const note = problems.join('\n');
    const event = { type: 'Warning', reason: 'InvalidObject', action: 'ReadObject', note } as const;
    if (namespace === undefined || name === undefined) postEvent(event);
    else postEvent({ ...event, service: { namespace, name } });
  };
}

function telemetryOf(metrics: Metrics): ApiTelemetry {
  return {
    onRequest: ({ host, method, code, seconds }) => {
      metrics.clientRequests.inc({ host, method, code });
      metrics.clientRequestDuration.observe({ host, verb: method }, seconds);
    },
    onStep: (resource, step) => {
      if (step !== 'watch') metrics.reflectorLists.inc({ resource });
      if (step !== 'list') metrics.reflectorWatches.inc({ resource });
    },
    onFault: (resource, fault) => metrics.reflectorFaults.inc({ resource, kind: fault.kind }),
  };
}

function alsoTelling(
  telemetry: ApiTelemetry,
  { telemetry: { onFault, onEvents } }: SourceRecord,
): ApiTelemetry {
  return {
    ...telemetry,
    onFault: (resource, fault) => {
      telemetry.onFault?.(resource, fault);
      onFault(resource, fault);
    },
    onEvents,
  };
}
