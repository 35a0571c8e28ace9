/** Milliseconds: what is over sooner needs no progress, and more often nobody can read. */
const FIRST_SHOWN = 500;
const PAUSE = 100;

const CLEAR_LINE = '\r\u001b[K';

/** A line on standard error that is written over and over, and goes away at the end. */
export interface ProgressLine extends Disposable {
  readonly show: (text: string) => void;
}

/** Shows nothing where no person looks on. */
export function progressLine(): ProgressLine {
  if (!process.stderr.isTTY) return { show: () => undefined, [Symbol.dispose]: () => undefined };
  let next = performance.now() + FIRST_SHOWN;
  let isShown = false;
  return {
    show: (text) => {
      const now = performance.now();
      if (now < next) return;
      next = now + PAUSE;
      isShown = true;
      process.stderr.write(`${CLEAR_LINE}${text}`);
    },
    [Symbol.dispose]: () => {
      if (isShown) process.stderr.write(CLEAR_LINE);
    },
  };
}
