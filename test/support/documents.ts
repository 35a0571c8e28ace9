import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ROOT } from './cases.ts';

/** A command that a document shows, with what it prints. */
export interface Shown {
  readonly document: string;
  readonly line: number;
  /** The words after `$ chainwright`; none has a blank in it. */
  readonly args: readonly string[];
  /** A line `...` stands for any lines. */
  readonly output: readonly string[];
  /** Where the command is run. */
  readonly directory: string;
}

const PROMPT = '$ chainwright ';

/** Every command of a document's `console` blocks. */
export async function commandsOf(document: string): Promise<readonly Shown[]> {
  const path = join(ROOT, document);
  const lines = (await readFile(path, 'utf8')).split('\n');
  const shown: (Shown & { output: string[] })[] = [];
  let isConsole = false;
  lines.forEach((text, index) => {
    if (text.startsWith('```')) isConsole = text === '```console';
    else if (isConsole && text.startsWith(PROMPT)) {
      const args = text
        .slice(PROMPT.length)
        .split(' ')
        .map((word) => word.replace(/^'(.*)'$/, '$1'));
      shown.push({ document, line: index + 1, args, output: [], directory: dirname(path) });
    } else if (isConsole) shown.at(-1)?.output.push(text);
  });
  return shown;
}

/** The lines of a document's `sh` blocks, those that go on joined, without their comments. */
export async function shellLinesOf(document: string): Promise<readonly string[]> {
  const text = await readFile(join(ROOT, document), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/(^| )#.*/, '').trim())
    .filter((line) => line !== '');
}

/** The output with a `...` for every run of lines that the document leaves out; as it is, where they differ. */
export function asShown(output: string, shown: readonly string[]): readonly string[] {
  const lines = output.trimEnd().split('\n');
  const text: string[] = [];
  let at = 0;
  for (const [index, line] of shown.entries()) {
    text.push(line);
    if (line !== ELLIPSIS) {
      if (lines[at] !== line) return lines;
      at += 1;
      continue;
    }
    const next = shown[index + 1];
    const to = next === undefined ? lines.length : lines.indexOf(next, at);
    if (to <= at) return lines;
    at = to;
  }
  return at === lines.length ? text : lines;
}

const ELLIPSIS = '  ...';
