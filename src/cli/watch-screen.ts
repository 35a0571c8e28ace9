import { pause } from '../reconciler/runner.ts';

const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_SCREEN = '\u001b[2J';
/** Lines that are too long are cut: were they folded, the lines below would move. */
const CUT = '\u001b[?7l';
const FOLD = '\u001b[?7h';

/**
 * Shows a text over and over, until SIGINT or until nobody reads on. On a terminal it is written over in
 * place, line by line, so that nothing flickers; elsewhere one text follows the other.
 *
 * @param look given up by the signal
 * @param interval milliseconds from the end of one look to the next
 */
export async function watchScreen(
  look: (signal: AbortSignal) => Promise<string>,
  interval: number,
): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end);
  process.stdout.once('close', end);
  const { stdout } = process;
  if (stdout.isTTY) stdout.write(CLEAR_SCREEN);
  let isFirst = true;
  while (!isAborted(stop.signal) && stdout.writable) {
    const text = await look(stop.signal);
    if (isAborted(stop.signal)) break;
    if (stdout.isTTY) stdout.write(inPlace(text, stdout.rows));
    else stdout.write(isFirst || !text.includes('\n', text.indexOf('\n') + 1) ? text : `\n${text}`);
    isFirst = false;
    await pause(interval, stop.signal);
  }
  process.removeListener('SIGINT', end);
  stdout.removeListener('close', end);
}

/** @param rows of the terminal; what is below the last of them is left out */
export function inPlace(text: string, rows: number): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .slice(0, Math.max(1, rows - 1));
  return `${CUT}${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}${FOLD}`;
}

/** Behind a function, since the compiler does not know that a signal changes. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
