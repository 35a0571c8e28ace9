import { InputError } from './problem.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory, or part of the path is none',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left there',
};

/**
 * Reads a file or directory that was named.
 *
 * @throws InputError where it cannot be read
 */
export async function readNamed<Result>(
  path: string,
  read: (path: string) => Promise<Result>,
): Promise<Result> {
  try {
    return await read(path);
  } catch (error) {
    throw new InputError([{ where: path, path: '', message: reasonOf(error) }]);
  }
}

/** Why a file could not be read or written. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}
