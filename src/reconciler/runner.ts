import { setTimeout as sleep } from 'node:timers/promises';

export interface RunnerOptions {
  /** Does what is pending; what it throws is tried again. */
  readonly run: () => Promise<void>;
  /** Milliseconds between the starts of two runs, at least: changes in between are gathered. */
  readonly minInterval: number;
  /** Milliseconds to wait after the first failure, doubled with each that follows, up to the most. */
  readonly retry: { readonly first: number; readonly most: number };
}

/** Runs a job when asked, never twice at once and not too often, and again where it failed. */
export interface Runner {
  readonly request: () => void;
  /** Milliseconds until what failed is tried again; undefined where nothing failed, or it is tried now. */
  readonly retryIn: () => number | undefined;
  /** Resolves when the signal has aborted and the run under way has ended. */
  readonly done: Promise<void>;
}

export function startRunner(options: RunnerOptions, signal: AbortSignal): Runner {
  let wake: (() => void) | undefined;
  let requested = false;
  let retryAt: number | undefined;
  const request = (): void => {
    requested = true;
    wake?.();
  };
  const untilRequested = (): Promise<void> =>
    new Promise((resolve) => {
      if (requested || signal.aborted) resolve();
      else wake = resolve;
    });
  signal.addEventListener('abort', () => wake?.(), { once: true });

  async function loop(): Promise<void> {
    let failures = 0;
    let earliest = 0;
    for (;;) {
      await untilRequested();
      await pause(earliest - performance.now(), signal);
      if (signal.aborted) return;
      requested = false;
      retryAt = undefined;
      earliest = performance.now() + options.minInterval;
      try {
        await options.run();
        failures = 0;
      } catch {
        // Told by the job itself; here it only matters that it has to be done again.
        failures += 1;
        requested = true;
        earliest = Math.max(earliest, performance.now() + backoff(failures, options.retry));
        retryAt = earliest;
      }
    }
  }
  return {
    request,
    retryIn: () => (retryAt === undefined ? undefined : Math.max(0, retryAt - performance.now())),
    done: loop(),
  };
}

/** Doubles with each failure; a random part keeps many nodes from retrying in step. */
export function backoff(failures: number, { first, most }: RunnerOptions['retry']): number {
  const full = Math.min(most, first * 2 ** (failures - 1));
  return full * (0.75 + Math.random() / 4);
}

/** Waits, or until the signal aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return;
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
