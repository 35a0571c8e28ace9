import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { InputError } from '../problems/problem.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

/**
 * The bytes of a file that was named on the command line.
 *
 * @param path `-` for standard input
 * @throws InputError where it cannot be read
 */
export async function readInput(path: string): Promise<Buffer> {
  if (path === '-') return await buffer(process.stdin);
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError([{ where: path, path: '', message: REASONS[code ?? ''] ?? message }]);
  }
}

/** What messages call it. */
export function nameOfInput(path: string): string {
  return path === '-' ? 'standard input' : path;
}
