import type { ApiTelemetry } from '../cluster/api/telemetry.ts';
import type { Fault } from '../cluster/api/fault.ts';

/** How a source is doing. Moments are milliseconds since 1970. */
export interface SourceState {
  readonly kind: 'api' | 'directory';
  /** The address of the server, or the path of the directory. */
  readonly where: string;
  readonly syncedAt: number | undefined;
  readonly lastHeard: number | undefined;
  readonly lastChange: number | undefined;
  /** What keeps it from being followed, by the kind of object. */
  readonly faults: readonly SourceFault[];
}

export interface SourceFault {
  readonly what: string;
  readonly since: number;
  readonly error: string;
}

export interface SourceRecord {
  readonly state: () => SourceState;
  readonly synced: () => void;
  readonly changed: () => void;
  /** A directory cannot be read, or can be again. */
  readonly unreadable: (error: string | undefined) => void;
  readonly telemetry: Required<Pick<ApiTelemetry, 'onFault' | 'onEvents'>>;
}

/**
 * Remembers how a source is doing.
 *
 * @param now milliseconds since 1970
 */
export function sourceRecord(
  source: Pick<SourceState, 'kind' | 'where'>,
  now: () => number = Date.now,
): SourceRecord {
  const faults = new Map<string, SourceFault>();
  const silences = new Map<string, number>();
  let syncedAt: number | undefined;
  let lastHeard: number | undefined;
  let lastChange: number | undefined;
  const fail = (what: string, error: string): void => {
    faults.set(what, { what, since: faults.get(what)?.since ?? now(), error });
  };
  return {
    state: () => ({ ...source, syncedAt, lastHeard, lastChange, faults: [...faults.values()] }),
    synced: () => {
      syncedAt ??= now();
      lastHeard = now();
    },
    changed: () => {
      lastChange = now();
      lastHeard = lastChange;
    },
    unreadable: (error) => {
      if (error === undefined) faults.clear();
      else fail('manifests', error);
    },
    telemetry: {
      onEvents: (resource) => {
        lastHeard = now();
        faults.delete(resource);
        silences.delete(resource);
      },
      onFault: (resource, fault) => {
        if (fault.kind === 'silent') silences.set(resource, (silences.get(resource) ?? 0) + 1);
        if (!isOrdinary(fault, silences.get(resource) ?? 0)) fail(resource, fault.message);
      },
    },
  };
}

/**
 * Part of a watch's ordinary life, mended by the next request: the log passes over the same faults. A server
 * that was just started sends no signs of life for kinds of which it has seen no event yet.
 */
function isOrdinary({ kind }: Fault, silences: number): boolean {
  return kind === 'expired' || kind === 'unsupported' || (kind === 'silent' && silences < 2);
}
