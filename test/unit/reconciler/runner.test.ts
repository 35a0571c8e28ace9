import { describe, expect, it, onTestFinished } from 'vitest';
import { backoff, startRunner, type Runner, type RunnerOptions } from '../../../src/reconciler/runner.ts';

const RETRY = { first: 40, most: 1_000 };

interface Played {
  readonly runner: Runner;
  /** When each run began, in milliseconds. */
  readonly starts: readonly number[];
  /** What was told of the next try at the beginning of each run. */
  readonly retries: readonly (number | undefined)[];
  /** What was told of it after each run that failed. */
  readonly pauses: readonly (number | undefined)[];
}

/** @param outcomes of one run after the other; the runs after these succeed */
function play(outcomes: readonly ('well' | 'fails')[], minInterval = 0): Played {
  const starts: number[] = [];
  const retries: (number | undefined)[] = [];
  const pauses: (number | undefined)[] = [];
  let running = 0;
  const run: RunnerOptions['run'] = async () => {
    expect(running).toBe(0);
    running += 1;
    starts.push(performance.now());
    retries.push(runner.retryIn());
    await Promise.resolve();
    running -= 1;
    if (outcomes[starts.length - 1] !== 'fails') return;
    setImmediate(() => pauses.push(runner.retryIn()));
    throw new Error('told by the job itself');
  };
  const stop = new AbortController();
  const runner = startRunner({ run, minInterval, retry: RETRY }, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await runner.done;
  });
  return { runner, starts, retries, pauses };
}

const PATIENCE = { timeout: 30_000, interval: 1 };

describe('a job', () => {
  it('is run when it is asked for, and once for all that was asked meanwhile', async () => {
    const { runner, starts } = play([]);
    expect(starts).toEqual([]);
    for (let count = 0; count < 3; count += 1) runner.request();
    await expect.poll(() => starts.length, PATIENCE).toBe(1);
    runner.request();
    await expect.poll(() => starts.length, PATIENCE).toBe(2);
  });

  it('does not begin more often than it may', async () => {
    const { runner, starts } = play([], 60);
    runner.request();
    await expect.poll(() => starts.length, PATIENCE).toBe(1);
    runner.request();
    await expect.poll(() => starts.length, PATIENCE).toBe(2);
    const [first = 0, second = 0] = starts;
    expect(second - first).toBeGreaterThan(58);
  });

  it('that failed is run again unasked, after a pause that is told', async () => {
    const { runner, starts, retries, pauses } = play(['fails']);
    runner.request();
    await expect.poll(() => starts.length, PATIENCE).toBe(2);
    expect(pauses).toEqual([expect.any(Number)]);
    expect(retries).toEqual([undefined, undefined]);
    expect(runner.retryIn()).toBeUndefined();
    const [first = 0, second = 0] = starts;
    expect(second - first).toBeGreaterThan(RETRY.first * 0.75 - 2);
  });

  it('that failed is not run again sooner than runs may follow each other', async () => {
    const { runner, pauses } = play(['fails'], 3_600_000);
    runner.request();
    await expect.poll(() => pauses.length, PATIENCE).toBe(1);
    expect(pauses[0]).toBeGreaterThan(3_000_000);
  });

  it('that has succeeded meanwhile begins with the shortest pause again', async () => {
    const { runner, starts, pauses } = play(['fails', 'fails', 'fails', 'well', 'fails']);
    runner.request();
    await expect.poll(() => starts.length, PATIENCE).toBe(4);
    runner.request();
    await expect.poll(() => pauses.length, PATIENCE).toBe(4);
    expect(pauses.at(-1)).toBeLessThanOrEqual(RETRY.first);
  });
});

it.each([
  [1, 40],
  [2, 80],
  [4, 320],
  [10, 1_000],
  [2_000, 1_000],
])('the pause after failure %i is %i ms, or up to a quarter less', (failures, most) => {
  const pauses = Array.from({ length: 200 }, () => backoff(failures, RETRY));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(most * 0.75);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(most);
  expect(new Set(pauses).size).toBeGreaterThan(100);
});
