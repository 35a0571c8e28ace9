import { RED, YELLOW, type Paint } from '../text/paint.ts';

/** Says something beside the output: on standard error, a line. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function warn(text: string): void {
  say(`${paint(YELLOW, 'warning')}: ${text}`);
}

export function complain(text: string): void {
  for (const line of text.split('\n')) say(`${paint(RED, 'error')}: ${line}`);
}

/** Colour only where a person looks on, and has not asked for none (https://no-color.org). */
export function paintOn(stream: NodeJS.WriteStream): Paint {
  const { NO_COLOR = '', TERM } = process.env;
  const wanted = stream.isTTY && NO_COLOR === '' && TERM !== 'dumb';
  return (code, text) => (wanted ? `\u001b[${code}m${text}\u001b[0m` : text);
}

function paint(code: string, text: string): string {
  return paintOn(process.stderr)(code, text);
}
