import type { Backend } from '../iptables/backend.ts';
import { monitorLosses } from '../iptables/monitor.ts';
import { pause } from './runner.ts';

/** What the kernel told: rules that we need are gone; `unsure` where it may have been by our own writing. */
export type Alarm = 'loss' | 'unsure';

export interface Alarms {
  /**
   * Whether losses are told, as far as is known. A listener does not say when it begins to hear: what is lost
   * while it starts is found by looking.
   */
  readonly isListening: () => boolean;
  /** Resolves after so many milliseconds, or as soon as there is an alarm or the end of listening. */
  readonly within: (milliseconds: number) => Promise<void>;
  /** The alarm since the last call. */
  readonly take: () => Alarm | undefined;
  /** Resolves when the signal has aborted. */
  readonly done: Promise<void>;
}

/** Milliseconds until listening is tried again, doubled each time that it ends at once. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 300_000;
/** Until a listener hears, at most, but on a very busy node. */
const STARTING = 3_000;
/** A listener that ended sooner has not worked, or could not stand what goes on. */
const SETTLED = 10_000;

/** @param isWriting whether rules of ours are being written at the moment */
export function alarms(backend: Backend, isWriting: () => boolean, signal: AbortSignal): Alarms {
  let alarm: Alarm | undefined;
  let listeningSince = Infinity;
  let wake = new AbortController();

  const ring = (): void => {
    if (alarm !== 'loss') alarm = isWriting() ? 'unsure' : 'loss';
    wake.abort();
  };

  async function listen(): Promise<void> {
    let retry = FIRST_RETRY;
    while (!signal.aborted) {
      const start = performance.now();
      listeningSince = start;
      await monitorLosses(backend, ring, signal).catch(() => undefined);
      listeningSince = Infinity;
      const lived = performance.now() - start;
      // It ends when so much happens at once that the kernel drops the rest.
      if (lived > FIRST_RETRY) ring();
      wake.abort();
      retry = lived > SETTLED ? FIRST_RETRY : Math.min(retry * 2, LONGEST_RETRY);
      await pause(retry, signal);
    }
  }

  return {
    isListening: () => performance.now() - listeningSince > STARTING,
    within: async (milliseconds) => {
      if (alarm !== undefined) return;
      wake = new AbortController();
      await pause(milliseconds, AbortSignal.any([signal, wake.signal]));
    },
    take: () => {
      const taken = alarm;
      alarm = undefined;
      return taken;
    },
    done: backend.kind === 'nft' ? listen() : Promise.resolve(),
  };
}
