import { readFile } from 'node:fs/promises';
import { InputError } from '../problems/problem.ts';
import type { ConfigFile } from './document.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: part of the path is no directory',
  EACCES: 'may not be read: permission denied',
  EPERM: 'may not be read: permission denied',
  EISDIR: 'is a directory, not a file',
};

/** @throws InputError where the file cannot be read or is not UTF-8 */
export async function readConfigFile(name: string): Promise<ConfigFile> {
  try {
    const bytes = await readFile(name);
    return { name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    throw new InputError([{ where: name, path: '', message: reasonOf(error) }]);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'is not UTF-8 text';
  return REASONS[code] ?? `may not be read: ${error instanceof Error ? error.message : String(error)}`;
}
