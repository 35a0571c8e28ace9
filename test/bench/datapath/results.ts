import type { Family } from '../../../src/net/address.ts';
import type { Series } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { SyncSeries } from './sync/contest.ts';

/** All that one run of the benchmark found, as it is kept in results.json. */
export interface Results {
  readonly machine: Machine;
  readonly options: BenchOptions;
  readonly packets: readonly PacketContest[];
  readonly syncs: readonly SyncContest[];
}

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly kernel: string;
  readonly iptables: string;
  readonly nft: string;
}

/** All configurations against each other with one number of services. */
export interface PacketContest {
  readonly family: Family;
  readonly services: number;
  /** Processes that wanted to run in the last minute, at the end. */
  readonly load: number;
  readonly series: readonly Series[];
}

export interface SyncContest {
  readonly services: number;
  readonly load: number;
  readonly series: readonly SyncSeries[];
}
