import type { Change } from '../cluster/source.ts';
import type { SyncReport } from '../reconciler/observer.ts';

/** Remembers when the changes of slices happened until the kernel has them. */
export interface ProgrammingLatency {
  readonly note: (changes: readonly Change[]) => void;
  /**
   * Seconds from each change of the services of a sync until now, when it ends; of all services where it names
   * none. They are told once. What came while it was under way, it has not written.
   */
  readonly take: (sync: Pick<SyncReport, 'services' | 'seconds'>) => readonly number[];
}

/** Milliseconds: a sync may begin in the very one in which the change came, and clocks leave out parts of them. */
const ROUNDING = 1;

/** Milliseconds since 1970. */
interface Pending {
  readonly changedAt: number;
  readonly notedAt: number;
}

/** More than this many changes of one service in one sync tell nothing more. */
const MOST_PER_SERVICE = 100;

/** @param now milliseconds since 1970 */
export function programmingLatency(now: () => number): ProgrammingLatency {
  const pending = new Map<string, readonly Pending[]>();
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
        if (times.length >= MOST_PER_SERVICE || times.at(-1)?.changedAt === changedAt) continue;
        pending.set(key, [...times, { changedAt, notedAt: now() }]);
      }
    },
    take: ({ services, seconds }) => {
      const end = now();
      const begin = end - seconds * 1000 + ROUNDING;
      const isWritten = ({ notedAt }: Pending): boolean => notedAt <= begin;
      const taken: Pending[] = [];
      for (const service of services ?? [...pending.keys()]) {
        const times = pending.get(service) ?? [];
        const written = times.filter(isWritten);
        taken.push(...written);
        if (written.length === times.length) pending.delete(service);
        else pending.set(service, times.slice(written.length));
      }
      return taken.map(({ changedAt }) => (end - changedAt) / 1000);
    },
  };
}
