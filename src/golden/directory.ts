import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GoldenFinding } from './compare.ts';
import type { GoldenFile } from './file.ts';

const RULES_NAME = /^[^.].*\.rules$/;

/** The texts of the rules files of a directory, by name; none where there is no such directory. */
export async function readRulesFiles(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = (await ifThere(readdir(directory))) ?? [];
  return await readNamed(directory, names.filter((name) => RULES_NAME.test(name)).sort());
}

/** The texts of those of the named files that are there. */
export async function readNamed(
  directory: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const name of names) {
    const text = await ifThere(readFile(join(directory, name), 'utf8'));
    if (text !== undefined) texts.set(name, text);
  }
  return texts;
}

/** Writes the files that differ from what they should be, each whole or not at all, and removes stale ones. */
export async function settle(
  directory: string,
  wanted: readonly GoldenFile[],
  findings: readonly GoldenFinding[],
): Promise<void> {
  const texts = new Map(wanted.map(({ name, text }) => [name, text]));
  for (const { name, state } of findings) {
    if (state === 'same') continue;
    const path = join(directory, name);
    const text = texts.get(name);
    if (text === undefined) await rm(path, { force: true });
    else await writeWhole(path, text);
  }
}

/** Whoever reads meanwhile, and whoever finds the disk full, has the old text. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function ifThere<Result>(reading: Promise<Result>): Promise<Result | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
