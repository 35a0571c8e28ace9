import type { Logger } from 'pino';
import { formatProblem, InputError } from '../../problems/problem.ts';
import { readManifests } from '../manifests.ts';
import type { Source, SourceListener } from '../source.ts';
import { directoryAlarm } from './alarm.ts';
import { differences, NOTHING_TOLD, toldOf } from './differences.ts';
import { readSteadily, type Stamp } from './read-steadily.ts';

export interface DirectorySourceOptions {
  readonly directory: string;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  readonly timing?: Partial<DirectoryTiming>;
  /** The directory cannot be read, or (undefined) can be again. */
  readonly onTrouble?: (error: string | undefined) => void;
}

/** Milliseconds. */
export interface DirectoryTiming {
  /** How long a burst of writes must have been over before it is read. */
  readonly quiet: number;
  /** How long a burst may last. */
  readonly patience: number;
  /** How often the directory is looked at though nothing was heard of it. */
  readonly poll: number;
}

const DEFAULT_TIMING: DirectoryTiming = { quiet: 100, patience: 2_000, poll: 5_000 };

/**
 * Follows the .yaml, .yml and .json files of a directory as if they were a cluster. A burst of writes is
 * told in one call, whole or not at all: what is wrong with any file is logged, and what was told before stays
 * in force, until all of them are right again.
 *
 * A directory that is gone, or holds no manifest, counts as unreadable and not as an empty cluster: it may be
 * a volume that is not mounted. A file with an empty List says that there is nothing.
 */
export function directorySource(options: DirectorySourceOptions): Source {
  const { directory, timing = {} } = options;
  const times = { ...DEFAULT_TIMING, ...timing };
  return {
    run: async (listener, signal) => {
      const next = directoryAlarm({ directory, ...times, signal });
      const look = observer(options, times.quiet, listener);
      for (;;) {
        await next();
        if (signal.aborted) return;
        await look();
      }
    },
  };
}

function observer(
  { directory, log, onTrouble }: DirectorySourceOptions,
  quiet: number,
  listener: SourceListener,
): () => Promise<void> {
  let told = NOTHING_TOLD;
  let stamp: Stamp | undefined;
  let synced = false;
  let trouble = '';

  return async () => {
    let reading;
    try {
      const before = stamp;
      // What could not be read is read again, be it the same as before.
      stamp = undefined;
      const steady = await readSteadily(directory, before, quiet);
      stamp = steady?.stamp ?? before;
      if (steady === undefined) return;
      reading = readManifests(steady.texts);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      if (error.message !== trouble) {
        const effect = synced ? 'what was read before stays in force' : 'nothing is known yet';
        for (const problem of error.problems) log.warn(`${formatProblem(problem)}; ${effect}`);
      }
      trouble = error.message;
      onTrouble?.(trouble);
      return;
    }
    if (trouble !== '') {
      log.info(`${directory}: can be read again`);
      onTrouble?.(undefined);
    }
    trouble = '';
    for (const warning of reading.warnings) log.warn(warning);
    const now = toldOf(reading.cluster);
    const changes = differences(told, now);
    told = now;
    if (changes.length > 0) listener.onChanges(changes);
    if (!synced) listener.onSynced();
    synced = true;
  };
}
