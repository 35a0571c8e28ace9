/* Figures that stand for many: nothing here knows what is counted. */

/** @returns NaN for no values at all */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** What many rounds say of one figure. */
export interface Summary {
  readonly median: number;
  /** The middle half of the rounds lies between these. */
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

export function summary(values: readonly number[]): Summary {
  return {
    median: median(values),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    rounds: values.length,
  };
}

/**
 * How many times as much as its rival something takes: the median over the rounds, each compared with the
 * same round of the rival, so that what slowed the machine for a while slowed both.
 */
export function pairedRatio(values: readonly number[], rivals: readonly number[]): Summary {
  if (values.length !== rivals.length) throw new RangeError('rivals are compared round by round');
  return summary(values.map((value, round) => value / (rivals[round] ?? NaN)));
}
