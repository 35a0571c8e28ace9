import type { Backend } from '../iptables/backend.ts';
import { isCanaryAlive, tablesOfLook } from './canary.ts';
import type { FullReason } from './observer.ts';
import { pause } from './runner.ts';

export interface DriftOptions {
  readonly backend: Backend;
  /** Milliseconds between two looks at the canary, at least. */
  readonly lookInterval: number;
  /** Milliseconds between two comparisons of everything, at least. */
  readonly checkInterval: number;
  /** How long the last comparison took, in milliseconds. */
  readonly lastCheck: () => number;
  readonly onDrift: (reason: FullReason) => void;
  readonly onError: (error: unknown) => void;
}

/** Looking after rules that nobody changed may take no more of a processor than this part. */
const SHARE = 1 / 50;

/**
 * Watches for rules that others took or changed: looks for the canary often, and asks for a comparison
 * of everything now and then. On a node where looking is slow it looks less often.
 */
export async function watchForDrift(options: DriftOptions, signal: AbortSignal): Promise<void> {
  let nextCheck = performance.now() + options.checkInterval;
  let wait = options.lookInterval;
  for (let look = 0; ; look += 1) {
    await pause(wait, signal);
    if (signal.aborted) return;
    const start = performance.now();
    try {
      if (!(await isCanaryAlive(options.backend, tablesOfLook(look)))) {
        options.onDrift('flush');
      } else if (start >= nextCheck) {
        options.onDrift('check');
        nextCheck = start + Math.max(options.checkInterval, options.lastCheck() / SHARE);
      }
    } catch (error) {
      options.onError(error);
    }
    wait = Math.max(options.lookInterval, (performance.now() - start) / SHARE);
  }
}
