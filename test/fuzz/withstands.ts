import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { it } from 'vitest';

/** `make fuzz FUZZ_RUNS=100000 SEED=7` tries more, and others. */
const RUNS = process.env.FUZZ_RUNS === undefined ? undefined : Number(process.env.FUZZ_RUNS);
const SEED = Number(process.env.SEED ?? 20_261_121);

/** Waits for the end of its input, and ends the process that is named where that does not come in time. */
const WATCHDOG = 'read -r -t "$1"; [ $? -le 128 ] || { echo "$2" >&2; kill -KILL "$3"; }';

/**
 * A test that hands hostile input to a function over and over. A function that never comes back cannot be
 * interrupted from within its process: another one ends it then.
 *
 * @param runs in the short form
 */
export function withstands<Input>(
  title: string,
  input: fc.Arbitrary<Input>,
  check: (input: Input) => void,
  runs = 300,
): void {
  const numRuns = RUNS ?? runs;
  const seconds = 120 + numRuns / 10;
  it(title, { timeout: (seconds + 30) * 1000 }, async () => {
    const message = `${title}: no end after ${seconds} s; repeat it with SEED=${SEED}`;
    const watchdog = spawn('bash', ['-c', WATCHDOG, 'bash', String(seconds), message, String(process.pid)], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = once(watchdog, 'exit');
    try {
      fc.assert(fc.property(input, check), { numRuns, seed: SEED });
    } finally {
      watchdog.stdin.end();
      await ended;
    }
  });
}
