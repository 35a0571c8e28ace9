import type { Change } from '../cluster/source.ts';

/** Remembers when the changes of slices happened until the kernel has them. */
export interface ProgrammingLatency {
  readonly note: (changes: readonly Change[]) => void;
  /**
   * Seconds from each change of these services until now; of all services where none are named.
   * They are told once.
   */
  readonly take: (services: ReadonlySet<string> | undefined) => readonly number[];
}

/** More than this many changes of one service in one sync tell nothing more. */
const MOST_PER_SERVICE = 100;

/** @param now milliseconds since 1970 */
export function programmingLatency(now: () => number): ProgrammingLatency {
  const pending = new Map<string, number[]>();
  const started = now();
  return {
    note: (changes) => {
      for (const change of changes) {
        if (change.kind !== 'slice' || change.object?.changedAt === undefined) continue;
        const { namespace, serviceName, changedAt } = change.object;
        // What happened before we began is not our delay.
        if (changedAt < started) continue;
        const key = `${namespace}/${serviceName}`;
        const times = pending.get(key) ?? [];
        if (times.length < MOST_PER_SERVICE && times.at(-1) !== changedAt) times.push(changedAt);
        pending.set(key, times);
      }
    },
    take: (services) => {
      const taken: number[] = [];
      for (const service of services ?? [...pending.keys()]) {
        for (const time of pending.get(service) ?? []) taken.push((now() - time) / 1000);
        pending.delete(service);
      }
      return taken;
    },
  };
}
