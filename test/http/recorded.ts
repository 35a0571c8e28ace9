import { readFileSync } from 'node:fs';
import type { Reply } from './asking.ts';

/** What kube-proxy 1.36.2 answered. */
export function recorded(name: string): Reply {
  const file = new URL(`../data/kube-proxy/http/${name}.http`, import.meta.url);
  const [, answer] = splitOnce(readFileSync(file, 'utf8'), /\r?\n\r?\n/);
  const [head, body] = splitOnce(answer, /\r?\n\r?\n/);
  const [statusLine = '', ...headerLines] = head.split(/\r?\n/);
  const headers = headerLines.map((line) => splitOnce(line, /: /));
  return { status: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(headers), body };
}

function splitOnce(text: string, separator: RegExp): readonly [string, string] {
  const match = separator.exec(text);
  if (match === null) return [text, ''];
  return [text.slice(0, match.index), text.slice(match.index + match[0].length)];
}
