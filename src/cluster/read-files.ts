import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readStream } from 'node:stream/consumers';
import { InputError } from '../problems/problem.ts';
import { readNamed } from '../problems/unreadable.ts';
import type { ManifestText } from './documents.ts';

const MANIFEST_NAME = /\.(ya?ml|json)$/i;

/**
 * Reads manifests from files, from the .yaml, .yml and .json files of directories (not of theirs), and
 * from standard input for `-`.
 *
 * @throws InputError where one cannot be read or has nothing in it, or a directory holds none. Nothing in a
 *   file of a directory is no error: templates may leave it out
 */
export async function readManifestFiles(paths: readonly string[]): Promise<readonly ManifestText[]> {
  const texts: ManifestText[] = [];
  for (const path of paths) texts.push(...(await readPath(path)));
  return texts;
}

async function readPath(path: string): Promise<readonly ManifestText[]> {
  if (path === '-') return [filled({ name: 'standard input', text: await readStream(process.stdin) })];
  const isDirectory = (await readNamed(path, stat)).isDirectory();
  if (!isDirectory) return [filled(await readOne(path))];
  const names = (await readNamed(path, (directory) => readdir(directory)))
    .filter((name) => MANIFEST_NAME.test(name))
    .sort();
  if (names.length === 0) {
    const message = 'holds no .yaml, .yml or .json file (folders in it are not looked into)';
    throw new InputError([{ where: path, path: '', message }]);
  }
  return Promise.all(names.map((name) => readOne(join(path, name))));
}

/** What was to be piped in failed, more often than not: no cluster is without a single object. */
function filled(manifest: ManifestText): ManifestText {
  if (SOMETHING.test(manifest.text)) return manifest;
  const message = 'expected manifests, got nothing (a List without items stands for no objects)';
  throw new InputError([{ where: manifest.name, path: '', message }]);
}

/** A line that is not blank, a comment or a separator of documents. */
const SOMETHING = /^(?![ \t\r]*(?:#.*|---(?:[ \t]+#.*)?|\.\.\.)?[ \t\r]*$)/m;

async function readOne(path: string): Promise<ManifestText> {
  return { name: path, text: await readNamed(path, (file) => readFile(file, 'utf8')) };
}
