import type { Backend } from '../iptables/backend.ts';
import { alarms, type Alarm } from './alarms.ts';
import { isCanaryAlive, type CanaryTable } from './canary.ts';
import type { FullReason } from './observer.ts';
import { pause } from './runner.ts';

export interface DriftOptions {
  readonly backend: Backend;
  /** Milliseconds between two comparisons of everything, at least. */
  readonly checkInterval: number;
  /** How long the last comparison took, in milliseconds. */
  readonly lastCheck: () => number;
  /** Milliseconds until one is tried again that could not be made in time; undefined where none is owed. */
  readonly owedIn: () => number | undefined;
  /** Rules of ours are being written: what is in the kernel at the moment is no sign of anything. */
  readonly isWriting: () => boolean;
  /** @param mayYield nothing but the time calls for it */
  readonly onDrift: (reason: FullReason, mayYield: boolean) => void;
  readonly onError: (error: unknown) => void;
}

/** Looking after rules that nobody changed may take no more of a processor than these parts. */
const SHARE_OF_LOOKS = 1 / 100;
const SHARE_OF_CHECKS = 1 / 50;
/** More where the kernel has told of a loss: traffic may be failing. */
const SHARE_OF_ALARMED_CHECKS = 1 / 5;

/**
 * Milliseconds between two looks at a table, at least, where the kernel tells of losses and where it does
 * not. Services need nat most, and each look costs a process.
 */
const LOOK_INTERVALS: Readonly<Record<CanaryTable, { readonly told: number; readonly untold: number }>> = {
  nat: { told: 30_000, untold: 2_000 },
  filter: { told: 30_000, untold: 4_000 },
  mangle: { told: 60_000, untold: 20_000 },
};
/** After an alarm, since a neighbour that flushes all the time must not keep us busy all the time. */
const ALARM_PAUSE = 1_000;
/** Between two askings for a comparison that is owed: it begins when what is being written is done. */
const OWED_PAUSE = 1_000;
/** Until a look that fell into our own writing is tried again. */
const WRITING_PAUSE = 250;

/**
 * Watches for rules that others took or changed: looks for the canary now and then, and where the kernel
 * tells of a loss at once, and asks for a comparison of everything at longer intervals. On a node where
 * that is slow it does so less often.
 */
export async function watchForDrift(options: DriftOptions, signal: AbortSignal): Promise<void> {
  const heard = alarms(options.backend, options.isWriting, signal);
  const schedule = lookSchedule(heard.isListening);
  const check = checkSchedule(options);
  for (;;) {
    await heard.within(Math.min(schedule.untilNext(), check.untilNext()));
    if (signal.aborted) break;
    if (options.isWriting()) {
      await pause(WRITING_PAUSE, signal);
      continue;
    }
    const alarm = heard.take();
    let stands = true;
    try {
      stands = await schedule.look(options.backend, alarm !== undefined);
    } catch (error) {
      options.onError(error);
    }
    if (!stands) options.onDrift('flush', false);
    // Also where a look failed: what the kernel has told is told but once.
    else {
      const due = check.due(alarm);
      if (due !== undefined) options.onDrift('check', due === 'by time');
    }
    if (alarm !== undefined) await pause(ALARM_PAUSE, signal);
  }
  await heard.done;
}

interface LookSchedule {
  /** Milliseconds. */
  readonly untilNext: () => number;
  /** Whether the tables still stand whose turn it is, or those that services cannot do without. */
  readonly look: (backend: Backend, isAlarm: boolean) => Promise<boolean>;
}

function lookSchedule(isListening: () => boolean): LookSchedule {
  const now = performance.now();
  const last = new Map<CanaryTable, { readonly at: number; readonly cost: number }>([
    ['nat', { at: now, cost: 0 }],
    ['filter', { at: now, cost: 0 }],
    ['mangle', { at: now, cost: 0 }],
  ]);
  const untilTurn = (table: CanaryTable): number => {
    const { at, cost } = last.get(table) ?? { at: 0, cost: 0 };
    const interval = LOOK_INTERVALS[table][isListening() ? 'told' : 'untold'];
    return at + Math.max(interval, cost / SHARE_OF_LOOKS) - performance.now();
  };
  return {
    untilNext: () => Math.max(0, Math.min(...Array.from(last.keys(), untilTurn))),
    look: async (backend, isAlarm) => {
      for (const table of last.keys()) {
        if (!(isAlarm && table !== 'mangle') && untilTurn(table) > 0) continue;
        const start = performance.now();
        try {
          if (!(await isCanaryAlive(backend, [table]))) return false;
        } finally {
          // A look that fails is over as well: the other tables have their turn before it is tried again.
          last.set(table, { at: performance.now(), cost: performance.now() - start });
        }
      }
      return true;
    },
  };
}

interface CheckSchedule {
  /** Milliseconds. */
  readonly untilNext: () => number;
  /** Why everything is to be compared now, if it is; where so, the next time is reckoned from here. */
  readonly due: (alarm: Alarm | undefined) => 'by time' | 'by alarm' | undefined;
}

function checkSchedule({ checkInterval, lastCheck, owedIn }: DriftOptions): CheckSchedule {
  let last = performance.now();
  let isAlarmed = false;
  const untilInterval = (interval: number): number => Math.max(0, last + interval - performance.now());
  const untilNext = (): number => {
    const owed = owedIn();
    if (owed !== undefined) return Math.max(owed, untilInterval(OWED_PAUSE));
    if (isAlarmed) return untilInterval(lastCheck() / SHARE_OF_ALARMED_CHECKS);
    return untilInterval(Math.max(checkInterval, lastCheck() / SHARE_OF_CHECKS));
  };
  return {
    untilNext,
    due: (alarm) => {
      // A loss that the looks do not show is one of single rules. It is owed a check, if not at once.
      isAlarmed ||= alarm === 'loss';
      if (untilNext() > 0) return undefined;
      const why = isAlarmed ? 'by alarm' : 'by time';
      isAlarmed = false;
      last = performance.now();
      return why;
    },
  };
}
