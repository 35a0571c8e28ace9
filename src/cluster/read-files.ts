import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readStream } from 'node:stream/consumers';
import { InputError } from '../problems/problem.ts';
import { unreadable } from '../problems/unreadable.ts';
import type { ManifestText } from './documents.ts';

const MANIFEST_NAME = /\.(ya?ml|json)$/i;

/**
 * Reads manifests from files, from the .yaml, .yml and .json files of directories (not of theirs), and
 * from standard input for `-`.
 *
 * @throws InputError where one cannot be read, or a directory holds none
 */
export async function readManifestFiles(paths: readonly string[]): Promise<readonly ManifestText[]> {
  const texts: ManifestText[] = [];
  for (const path of paths) texts.push(...(await readPath(path)));
  return texts;
}

async function readPath(path: string): Promise<readonly ManifestText[]> {
  if (path === '-') return [{ name: 'standard input', text: await readStream(process.stdin) }];
  const isDirectory = (await attempt(path, () => stat(path))).isDirectory();
  if (!isDirectory) return [await readOne(path)];
  const names = (await attempt(path, () => readdir(path))).filter((name) => MANIFEST_NAME.test(name)).sort();
  if (names.length === 0) {
    throw new InputError([{ where: path, path: '', message: 'holds no .yaml, .yml or .json file' }]);
  }
  return Promise.all(names.map((name) => readOne(join(path, name))));
}

async function readOne(path: string): Promise<ManifestText> {
  return { name: path, text: await attempt(path, () => readFile(path, 'utf8')) };
}

async function attempt<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw unreadable(path, error);
  }
}
