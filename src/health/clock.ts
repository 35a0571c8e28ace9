/** One moment, told by two clocks. */
export interface Moment {
  /** Milliseconds since 1970, to be shown. It jumps when the machine's clock is set. */
  readonly wall: number;
  /** Milliseconds on a clock that only ever goes forward, to measure how long something took. */
  readonly steady: number;
}

export type Clock = () => Moment;

export const systemClock: Clock = () => ({ wall: Date.now(), steady: performance.now() });
