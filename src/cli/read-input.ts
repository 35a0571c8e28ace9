import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { InputError } from '../problems/problem.ts';
import { readNamed } from '../problems/unreadable.ts';

/**
 * What iptables-save printed, as bytes, of a file that was named on the command line.
 *
 * @param path `-` for standard input
 * @throws InputError where it cannot be read, or nothing is in it: what was to print it failed, more often than not
 */
export async function readInput(path: string): Promise<Buffer> {
  const bytes = path === '-' ? await buffer(process.stdin) : await readNamed(path, (file) => readFile(file));
  if (bytes.length > 0) return bytes;
  const message = 'expected what iptables-save prints, got nothing';
  throw new InputError([{ where: nameOfInput(path), path: '', message }]);
}

/** What messages call it. */
export function nameOfInput(path: string): string {
  return path === '-' ? 'standard input' : path;
}
