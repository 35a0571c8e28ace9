/** All the times of the API source, in milliseconds unless a name says otherwise. */
export interface Timing {
  /** For a whole list, or the initial events of a watch; doubled on each failure in a row, up to eightfold. */
  readonly listDeadline: number;
  /** A watch that brings nothing for so long, not even a bookmark (one a minute), is given up. */
  readonly idle: number;
  /** After how long the server should end a watch: drawn anew each time, so that nodes do not return together. */
  readonly watchSeconds: readonly [least: number, most: number];
  /** The first pause after a fault, and the longest. Each is drawn from its upper half. */
  readonly pause: readonly [first: number, longest: number];
  /** A watch that lived so long was a success, however it ended. */
  readonly settled: number;
  /** From when the kernel probes a connection on which nothing moves. */
  readonly keepAlive: number;
}

export const DEFAULT_TIMING: Timing = {
  listDeadline: 60_000,
  idle: 75_000,
  watchSeconds: [300, 600],
  pause: [200, 30_000],
  settled: 1_000,
  keepAlive: 15_000,
};
