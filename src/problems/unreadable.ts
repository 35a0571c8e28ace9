import { InputError } from './problem.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

/** What to throw where a file or directory that was named cannot be read. */
export function unreadable(path: string, error: unknown): InputError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new InputError([{ where: path, path: '', message: REASONS[code ?? ''] ?? message }]);
}
