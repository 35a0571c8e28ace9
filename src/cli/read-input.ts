import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { unreadable } from '../problems/unreadable.ts';

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
    throw unreadable(path, error);
  }
}

/** What messages call it. */
export function nameOfInput(path: string): string {
  return path === '-' ? 'standard input' : path;
}
