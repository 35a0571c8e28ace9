import { InputError } from './problem.ts';

/** Of what makes functions call themselves too deeply, or be called with too many arguments. */
export const BEYOND_REASON = 'is nested too deeply, or too much of it is wrong';

/**
 * Reads what somebody else has made.
 *
 * @param where as problems name it
 * @throws InputError where it is nested without end, or has more wrong than can be told
 */
export function withinReason<Value>(where: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError([{ where, path: '', message: BEYOND_REASON }]);
  }
}
