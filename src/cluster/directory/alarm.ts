import { watch, type FSWatcher } from 'node:fs';

export interface AlarmOptions {
  readonly directory: string;
  /** Milliseconds without a further event until the alarm is raised. */
  readonly quiet: number;
  /** Milliseconds after which it is raised though writers never pause. */
  readonly patience: number;
  /** Milliseconds between alarms raised for no reason, as a net for events that were lost. */
  readonly poll: number;
  readonly signal: AbortSignal;
}

/** How often a directory is looked for that is not there, in milliseconds. */
const UNHEARD = 1_000;

/**
 * Raises an alarm when something in a directory may have changed: at the beginning, after a burst of events
 * has come to rest, and now and then anyway. A directory that is not there, or no longer, is looked for at
 * each alarm.
 *
 * @returns a function that waits for the next alarm; one that was raised meanwhile counts. Ends when the
 *   signal aborts.
 */
export function directoryAlarm(options: AlarmOptions): () => Promise<void> {
  const { directory, quiet, patience, poll, signal } = options;
  let watcher: FSWatcher | undefined;
  let burst: NodeJS.Timeout | undefined;
  let burstBegan = 0;
  let raised = true;
  let wake: (() => void) | undefined;

  const raise = (): void => {
    clearTimeout(burst);
    burst = undefined;
    raised = true;
    wake?.();
  };
  const onEvent = (): void => {
    const now = performance.now();
    if (burst === undefined) burstBegan = now;
    clearTimeout(burst);
    burst = setTimeout(raise, Math.max(0, Math.min(quiet, burstBegan + patience - now)));
  };
  const unwatch = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  // Anew for each alarm: a directory that was replaced by another of its name has a watcher that sees
  // nothing, and nobody tells.
  const rewatch = (): void => {
    unwatch();
    try {
      watcher = watch(directory, onEvent);
      watcher.on('error', unwatch);
    } catch {
      // Not there. The next alarm tries again.
    }
  };
  signal.addEventListener(
    'abort',
    () => {
      unwatch();
      raise();
    },
    { once: true },
  );

  const isOver = (): boolean => signal.aborted;
  return async () => {
    if (isOver()) return;
    if (!raised) {
      const net = setTimeout(raise, watcher === undefined ? Math.min(poll, UNHEARD) : poll);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      clearTimeout(net);
    }
    if (isOver()) return;
    // Before the caller reads: what changes from now on raises the next alarm.
    raised = false;
    rewatch();
  };
}
