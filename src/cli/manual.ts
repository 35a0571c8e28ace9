import { Help, type Command } from 'commander';

/** What a command's help says beyond its options, as a man page does. */
export interface Manual {
  /** Under headings of their own, before the examples. */
  readonly sections?: readonly Section[];
  /** Commands that can be copied as they are. */
  readonly examples: readonly (readonly [meaning: string, command: string])[];
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
  /** What is read or written without being named, or by a name that others chose. */
  readonly files?: readonly (readonly [path: string, meaning: string])[];
  /** Other commands, manual pages and addresses. */
  readonly seeAlso: readonly string[];
}

export interface Section {
  readonly heading: string;
  readonly paragraphs?: readonly string[];
  readonly rows?: readonly Row[];
}

type Row = readonly [term: string, meaning: string];

/** Headings under which the commands sort their own options. */
export const INPUT = 'Input:';
export const OUTPUT = 'Output:';

const WIDTH = 78;

/** For the end of a command's help. */
export function manualText({ sections = [], examples, exitCodes, files = [], seeAlso }: Manual): string {
  return [
    ...sections.map(({ heading, paragraphs = [], rows = [] }) =>
      sectionText(heading, [...joined(paragraphs), ...columns(rows)]),
    ),
    // Never folded: they are there to be copied.
    sectionText(
      'Examples',
      examples.flatMap(([meaning, command]) => [`# ${meaning}`, command]),
    ),
    sectionText('Exit codes', columns(exitCodes.map(([code, meaning]) => [String(code), meaning]))),
    sectionText('Files', columns(files)),
    sectionText('See also', folded(seeAlso.join(', '), WIDTH)),
  ]
    .join('')
    .trimEnd();
}

function sectionText(heading: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `\n${heading}:\n${lines.map((line) => (line === '' ? '\n' : `  ${line}\n`)).join('')}`;
}

/** Paragraphs with an empty line between two. */
function joined(paragraphs: readonly string[]): readonly string[] {
  return paragraphs.flatMap((text, index) => [...(index === 0 ? [] : ['']), ...folded(text, WIDTH)]);
}

function columns(rows: readonly Row[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([term]) => term.length)) + 2;
  return rows.flatMap(([term, meaning]) =>
    folded(meaning, WIDTH - width).map((line, index) => (index === 0 ? term : '').padEnd(width) + line),
  );
}

function folded(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines.push(`${lines.pop() ?? ''} ${word}`);
    else lines.push(word);
  }
  return lines;
}

/** Terms wider than this have what they mean below them, as in man pages, and not far to the right. */
const WIDEST_TERM = 20;
const INDENT = 10;

/**
 * How options and commands are listed. kube-proxy's flags are left to `kubeProxyFlagsText`: there are so many that
 * they would hide what a command is about.
 */
export const HELP_LAYOUT = {
  formatHelp(command: Command, helper: Help): string {
    return `${blocksOf(command, helper)
      .filter((block) => !isOfKubeProxy(block))
      .join('\n\n')
      .trimEnd()}\n`;
  },
  formatItem(term: string, termWidth: number, description: string, helper: Help): string {
    if (description === '') return `  ${term}`;
    const below = termWidth > WIDEST_TERM;
    const indent = below ? INDENT : termWidth + 4;
    const text = helper.boxWrap(description, (helper.helpWidth ?? 80) - indent);
    const head = below ? `  ${term}\n${' '.repeat(indent)}` : `  ${term.padEnd(termWidth)}  `;
    return head + text.replaceAll('\n', `\n${' '.repeat(indent)}`);
  },
} as const;

/** The end of a command's help. */
export function kubeProxyFlagsText(command: Command): string {
  const helper = command.createHelp();
  helper.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() ?? WIDTH });
  return blocksOf(command, helper).filter(isOfKubeProxy).join('\n\n').trimEnd();
}

function blocksOf(command: Command, helper: Help): readonly string[] {
  return Help.prototype.formatHelp.call(helper, command, helper).split('\n\n');
}

function isOfKubeProxy(block: string): boolean {
  return block.startsWith('Flags of kube-proxy');
}
