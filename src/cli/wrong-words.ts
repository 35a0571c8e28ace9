import type { Command } from 'commander';
import { describeValue } from '../problems/problem.ts';
import { didYouMean, nearWords } from '../text/near.ts';

/**
 * What commander says of wrong words on the command line, in the form that all our messages have: which option,
 * what was expected, what came.
 *
 * @param command the one that the words were for
 */
export function wrongWords(text: string, command: Command | undefined): string {
  const said = text.replace(/^error: /, '').trim();
  for (const [pattern, say] of SENTENCES) {
    const parts = pattern.exec(said);
    if (parts !== null) return say(parts.slice(1), command);
  }
  return said.replace(/\s*\(Did you mean (.*)\?\)$/s, ' (did you mean $1?)');
}

type Say = (parts: readonly string[], command: Command | undefined) => string;

const SENTENCES: readonly (readonly [RegExp, Say])[] = [
  [
    /^(?:option '(?:-., )?(--[\w-]+)[^']*' argument|command-argument value) '(.*)' is invalid(?: for argument '(.*)')?\. Allowed choices are (.*)\.$/s,
    ([option = '', got = '', argument = '', choices = '']) => {
      const words = choices.split(', ');
      const expected = `${listed(words)}${didYouMean(nearWords(got, words))}`;
      return `${option === '' ? argument : option}: expected ${expected}, got ${describeValue(got)}`;
    },
  ],
  [
    /^option '(?:-., )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. (.*?)\.$/s,
    ([option = '', got = '', expected = '']) => `${option}: ${expected}, got ${describeValue(got)}`,
  ],
  [
    /^too many arguments for '.*'\. Expected (\d+) .*$/s,
    ([most = ''], command) => unexpected(command?.args.slice(Number(most)) ?? [], command),
  ],
  [
    // What is missing may be there under a wrong name, of which commander says nothing then.
    /^(required option '.*' not specified)$/s,
    ([missing = ''], command) => {
      const args = command?.args ?? [];
      const stray = args.find((word) => /^--?\w/.test(word));
      if (stray !== undefined) return unknownOption(stray, command);
      return args.length > 0 ? unexpected(args, command) : missing;
    },
  ],
];

function unexpected(words: readonly string[], command: Command | undefined): string {
  const takesManifests = command?.options.some(({ long }) => long === '--filename') ?? false;
  const hint = takesManifests ? ': manifests are named by -f, each by one of its own' : '';
  return `unexpected ${words.map(describeValue).join(', ')}${hint}`;
}

function unknownOption(word: string, command: Command | undefined): string {
  const [name = ''] = word.split('=');
  const known =
    command?.options.flatMap(({ long, hidden }) => (hidden || typeof long !== 'string' ? [] : [long])) ?? [];
  return `unknown option '${name}'${didYouMean(nearWords(name, known))}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
