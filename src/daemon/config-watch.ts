import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { directoryAlarm } from '../cluster/directory/alarm.ts';
import { configurationChanges } from '../config/changes.ts';
import type { Configuration } from '../config/configuration.ts';
import type { ConfigFile } from '../config/document.ts';
import type { FlagValues } from '../config/flags.ts';
import { readConfig } from '../config/load.ts';
import { readConfigFile } from '../config/read-file.ts';
import type { Milliseconds } from '../model/settings.ts';
import { formatProblem, InputError } from '../problems/problem.ts';
import { pause } from '../reconciler/runner.ts';

export interface ConfigWatchOptions {
  /** As it was when the daemon began. */
  readonly file: ConfigFile;
  readonly flags: FlagValues;
  /** What the daemon runs with, of that file and the flags. */
  readonly running: Configuration;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly timing?: ConfigWatchTiming;
}

export interface ConfigWatchTiming {
  /** How long a burst of writes must have been over before the file is read. */
  readonly quiet: Milliseconds;
  /** How long a change must last: a file that is being written can be a whole one of another meaning. */
  readonly certain: Milliseconds;
  /** How often the file is read though nothing was heard of it. */
  readonly poll: Milliseconds;
}

const DEFAULT_TIMING: ConfigWatchTiming = { quiet: 100, certain: 1_000, poll: 30_000 };

/**
 * Waits until the configuration that the file makes is another than the one that runs. kube-proxy ends then, to
 * be started anew with it, and so do we.
 *
 * It ends when the file is written or renamed, whatever stands in it; and it does not notice when a ConfigMap
 * is replaced, which swaps a link beside the file and only deletes the file. Here what counts is what the file
 * says: a new text of the same meaning is no change, and one that cannot be used is told and waited out.
 *
 * Source: eventHandler in cmd/kube-proxy/app/options.go.
 *
 * @returns what has changed, a line for each field; undefined where the signal aborted first
 */
export async function configChange(
  options: ConfigWatchOptions,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const { file, flags, running, log, timing: { quiet, certain, poll } = DEFAULT_TIMING } = options;
  // The link that is swapped with a ConfigMap lies in the directory of the file.
  const next = directoryAlarm({ directory: dirname(file.name), quiet, patience: 2_000, poll, signal });
  const isOver = (): boolean => signal.aborted;
  let known = file.text;
  let trouble = '';
  for (;;) {
    await next();
    if (isOver()) return undefined;
    try {
      const { text } = await readConfigFile(file.name);
      if (text === known && trouble === '') continue;
      await pause(certain, signal);
      if (isOver()) return undefined;
      if ((await readConfigFile(file.name)).text !== text) continue;
      const { configuration } = readConfig({ file: { name: file.name, text }, flags });
      const changes = configurationChanges(running, configuration);
      if (changes.length > 0) return changes;
      log.info(`${file.name}: changed, and means the same`);
      known = text;
      trouble = '';
    } catch (error) {
      // Whatever it is: what runs well must not end for what is not in force.
      const { message } = error as Error;
      const problems = error instanceof InputError ? error.problems.map(formatProblem) : [message];
      if (message !== trouble)
        for (const problem of problems)
          log.warn(`${problem}; the configuration read at the start stays in force`);
      trouble = message;
    }
  }
}
