import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../problems/problem.ts';
import type { ManifestText } from '../documents.ts';
import { readManifestFiles } from '../read-files.ts';

/** Names, sizes and times of the files of a directory: equal as long as nobody writes. */
export type Stamp = string;

export interface Steady {
  readonly texts: readonly ManifestText[];
  readonly stamp: Stamp;
}

const MOST_TRIES = 5;

/**
 * Reads the manifests of a directory in a moment in which nobody writes.
 *
 * @returns undefined where the directory is as it was at `before`
 * @throws InputError where it cannot be read, holds no manifest, or never rests
 */
export async function readSteadily(
  directory: string,
  before: Stamp | undefined,
  quiet: number,
): Promise<Steady | undefined> {
  let stamp = await stampOf(directory);
  if (stamp === before) return undefined;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const texts = await readManifestFiles([directory]);
    const after = await stampOf(directory);
    if (after === stamp) return { texts, stamp };
    stamp = after;
    await sleep(quiet);
  }
  throw new InputError([{ where: directory, path: '', message: 'is being written to without a pause' }]);
}

async function stampOf(directory: string): Promise<Stamp> {
  try {
    const names = (await readdir(directory)).sort();
    const parts = await Promise.all(
      names.map(async (name) => {
        const { ino, size, mtimeMs } = await stat(join(directory, name));
        return [name, ino, size, mtimeMs];
      }),
    );
    return JSON.stringify(parts);
  } catch (error) {
    // A file that went between the two calls makes a stamp of its own, which the next one will not equal.
    return error instanceof Error ? error.message : String(error);
  }
}
