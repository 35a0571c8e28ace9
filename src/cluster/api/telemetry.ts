import type { Fault } from './fault.ts';
import type { Resource } from './resource.ts';
import type { RequestReport } from './transport.ts';

type ResourceName = Resource<unknown>['name'];

/** What others may want to know of the API source; every function is called synchronously and must not throw. */
export interface ApiTelemetry {
  readonly onRequest?: (report: RequestReport) => void;
  /** A list, a watch, or both in one request (`stream`) begins. */
  readonly onStep?: (resource: ResourceName, step: 'list' | 'watch' | 'stream') => void;
  readonly onFault?: (resource: ResourceName, fault: Fault) => void;
  /** Objects of a list, or events of a watch with bookmarks among them; `at` is milliseconds since 1970. */
  readonly onEvents?: (resource: ResourceName, count: number, at: number) => void;
  /** An object could not be read, wholly or in part, for reasons that were not told before. */
  readonly onBadObject?: (resource: ResourceName, key: string, problems: readonly string[]) => void;
}
