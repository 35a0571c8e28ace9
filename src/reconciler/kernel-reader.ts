import type { Backend } from '../iptables/backend.ts';
import { isTimeout } from '../iptables/tool.ts';
import { isUrgent } from './full-reasons.ts';
import type { FullReason } from './observer.ts';
import { readKernel, readWhole, type Reading } from './read-kernel.ts';

/** Seconds in which changes alone are written, after the kernel's rules could not be read in time. */
const UNREAD_PAUSE = 60;
/** Seconds until a comparison is tried again that changes went before. */
const YIELD_PAUSE = 10;
/** Seconds after which it goes before changes: with 50,000 endpoints they then wait for more than two. */
const LONGEST_YIELDING = 900;

/** Reads what the kernel holds of ours, and knows what comparison is owed. */
export interface KernelReader {
  /**
   * What is in the kernel is known, but for a start, a failure or a flush: without a comparison changes can go on.
   *
   * @param mayYield nothing but the time calls for it, so that changes go before
   * @returns undefined where changes went before
   * @throws ToolError where the tables cannot be read
   */
  readonly read: (reason: FullReason, mayYield: boolean) => Promise<Reading | undefined>;
  /** There are changes to be written. */
  readonly interrupt: () => void;
  /** No reading ended in time lately. */
  readonly isPaused: () => boolean;
  /** Seconds until a comparison is to be tried that could not be made; undefined where none is owed. */
  readonly owedIn: () => number | undefined;
}

/** @param clock seconds, from any fixed point */
export function kernelReader(backend: Backend, clock: () => number): KernelReader {
  let owedAt: number | undefined;
  let isUnread = false;
  let yieldingSince: number | undefined;
  let reading: AbortController | undefined;

  async function read(reason: FullReason, mayYield: boolean): Promise<Reading | undefined> {
    owedAt = undefined;
    isUnread = false;
    if (isUrgent(reason)) {
      const found = await readKernel(backend);
      if (!found.isWhole) putOff();
      return found;
    }
    const isPatient = mayYield && clock() - (yieldingSince ?? clock()) < LONGEST_YIELDING;
    const stop = isPatient ? new AbortController() : undefined;
    reading = stop;
    try {
      const found = await readWhole(backend, stop?.signal);
      yieldingSince = undefined;
      return found;
    } catch (error) {
      if (stop?.signal.aborted === true) {
        yieldingSince ??= clock();
        owedAt = clock() + YIELD_PAUSE;
        return undefined;
      }
      if (isTimeout(error)) putOff();
      throw error;
    } finally {
      reading = undefined;
    }
  }

  function putOff(): void {
    isUnread = true;
    owedAt = clock() + UNREAD_PAUSE;
  }

  return {
    read,
    interrupt: () => reading?.abort(),
    isPaused: () => isUnread && owedAt !== undefined && clock() < owedAt,
    owedIn: () => (owedAt === undefined ? undefined : Math.max(0, owedAt - clock())),
  };
}
