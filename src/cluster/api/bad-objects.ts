import type { Logger } from 'pino';
import { formatProblem, type Problem } from '../../problems/problem.ts';

export interface BadObjects {
  /**
   * Logs what is new among the problems of this object, and gives it back; `effect` says what became of the
   * object.
   */
  readonly tell: (key: string, problems: readonly Problem[], effect: string) => readonly string[];
  /** The object is well, or gone: the same problem is told again when it comes back. */
  readonly forget: (key: string) => void;
}

/** Enough to see what is going on; a cluster full of bad objects must not fill the disk. */
const MOST_LINES = 20;
const PERIOD = 60_000;
const MOST_REMEMBERED = 10_000;

/** One warning for each problem of each object, and no more than a few a minute. */
export function badObjects(log: Pick<Logger, 'warn'>): BadObjects {
  const told = new Map<string, readonly string[]>();
  let since = 0;
  let lines = 0;
  let withheld = 0;

  const write = (line: string): void => {
    const now = performance.now();
    if (lines === 0 || now - since > PERIOD) {
      if (withheld > 0) log.warn(`${withheld} more warnings about objects were left out`);
      since = now;
      lines = 0;
      withheld = 0;
    }
    lines += 1;
    if (lines <= MOST_LINES) log.warn(line);
    else withheld += 1;
  };

  return {
    tell: (key, problems, effect) => {
      const texts = problems.map(formatProblem);
      const before = told.get(key) ?? [];
      const news = texts
        .filter((text) => !before.includes(text))
        .map((text) => (effect === '' ? text : `${text}; ${effect}`));
      news.forEach(write);
      if (told.size >= MOST_REMEMBERED) told.clear();
      told.set(key, texts);
      return news;
    },
    forget: (key) => void told.delete(key),
  };
}
