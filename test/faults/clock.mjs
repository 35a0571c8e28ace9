/*
 * Loaded before the daemon, this gives it a wall clock that the test sets: the file CLOCK_SHIFT names holds the
 * milliseconds by which it is wrong. The clock that only goes forward is left alone, as it is where somebody sets the
 * time of a machine, or puts it to sleep.
 */
import { readFileSync } from 'node:fs';

const RealDate = Date;
const realNow = Date.now;

function shift() {
  try {
    return Number(readFileSync(process.env.CLOCK_SHIFT ?? '', 'utf8'));
  } catch {
    return 0;
  }
}

globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [realNow() + shift()] : args));
  }

  static now() {
    return realNow() + shift();
  }
};
