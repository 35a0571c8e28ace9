import { InputError } from './problem.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory, or part of the path is none',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left there',
};

/** What to throw where a file or directory that was named cannot be read. */
export function unreadable(path: string, error: unknown): InputError {
  return new InputError([{ where: path, path: '', message: reasonOf(error) }]);
}

/** Why a file could not be read or written. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}
