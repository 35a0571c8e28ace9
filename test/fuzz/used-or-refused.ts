import assert from 'node:assert/strict';
import { InputError } from '../../src/problems/problem.ts';

/**
 * Either it can be used, or the problems say where, and can be shown on a terminal.
 *
 * @returns undefined where it was refused
 */
export function usedOrRefused<Read>(read: () => Read): Read | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    assert(error.problems.length > 0);
    for (const { where, message } of error.problems) assert(where !== '' && message !== '');
    // Control characters, and those that turn the direction of writing, work upon the reader's terminal.
    assert.doesNotMatch(error.message.replaceAll('\n', ''), /\p{Cc}|\p{Bidi_Control}|\p{Zl}|\p{Zp}/u);
    return undefined;
  }
}
