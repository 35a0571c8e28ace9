import { isAbsolute, relative } from 'node:path';
import { AUTO_LAYOUT, type LayoutSettings } from '../chains/layout-choice.ts';
import type { FlagValues } from '../config/flags.ts';

/** What was asked of `golden`, as far as it decides the rules. */
export interface GoldenRequest {
  readonly directory: string;
  /** Manifests; undefined where the directory is a rule book. */
  readonly filename: readonly string[] | undefined;
  readonly node: readonly string[];
  readonly layout: LayoutSettings;
  /** kube-proxy's flags. */
  readonly flags: FlagValues;
}

/** The command that writes what was asked for, from where the present one runs. */
export function writingCommand({ directory, filename = [], node, layout, flags }: GoldenRequest): string {
  const words = [
    ...['chainwright', 'golden', '--write', directory],
    ...filename.flatMap((path) => ['-f', path]),
    ...node.flatMap((name) => ['--node', name]),
    ...(layout.name === AUTO_LAYOUT.name ? [] : ['--layout', layout.name]),
    ...(layout.comments === AUTO_LAYOUT.comments ? [] : ['--comments', layout.comments]),
    ...Object.entries(flags).flatMap(([name, texts]) => texts.map((text) => `--${name}=${text}`)),
  ];
  return words.map(quoted).join(' ');
}

/**
 * The same from within the directory: it is then one text for whoever runs the command, from wherever.
 * Absolute paths stay, since they are so for a reason.
 */
export function writingCommandWithin(request: GoldenRequest): string {
  const { directory, filename, flags } = request;
  const within = (path: string): string =>
    path === '-' || path === '' || isAbsolute(path) ? path : relative(directory, path) || '.';
  const config = flags.config?.map(within);
  return writingCommand({
    ...request,
    directory: '.',
    filename: filename?.map(within),
    flags: config === undefined ? flags : { ...flags, config },
  });
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
