import type { Change, SourceListener } from '../cluster/source.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { SourceRecord } from '../status/source-record.ts';
import type { ProgrammingLatency } from './programming-latency.ts';

export interface RecordChangesOptions {
  readonly listener: SourceListener;
  readonly sourceRecord: SourceRecord;
  /** One for each family that the node serves. */
  readonly latency: readonly ProgrammingLatency[];
  readonly metrics: Pick<Metrics, 'serviceChanges' | 'endpointChanges'>;
}

/** Counts and dates what the source tells, and passes it on. */
export function recordChanges({
  listener,
  sourceRecord,
  latency,
  metrics,
}: RecordChangesOptions): SourceListener {
  return {
    onSynced: () => {
      sourceRecord.synced();
      listener.onSynced();
    },
    onChanges: (changes) => {
      for (const each of latency) each.note(changes);
      count(changes, metrics);
      sourceRecord.changed();
      listener.onChanges(changes);
    },
  };
}

function count(changes: readonly Change[], metrics: RecordChangesOptions['metrics']): void {
  const services = changes.filter(({ kind }) => kind === 'service').length;
  const slices = changes.filter(({ kind }) => kind === 'slice').length;
  if (services > 0) metrics.serviceChanges.inc({}, services);
  if (slices > 0) metrics.endpointChanges.inc({}, slices);
}
