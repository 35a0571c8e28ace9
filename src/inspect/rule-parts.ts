import { expectedGot } from '../problems/problem.ts';
import type { Option, Section } from './read-match.ts';
import { unquoted, wordsIn } from './words.ts';

/** A rule's words, told apart but not yet understood. */
export interface RuleParts {
  /** `-s`, `-d`, `-i`, `-o`, `-p` and `-f`, wherever they stand. */
  readonly header: readonly Option[];
  /** Matches in their order. */
  readonly sections: readonly Section[];
  readonly target: TargetWords | undefined;
}

export interface TargetWords {
  readonly option: '-j' | '-g';
  /** The target's name and options; at least the name. */
  readonly words: readonly string[];
}

/** The text is no rule; the message says why. */
export class RuleTextError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RuleTextError';
  }
}

const HEADER_OPTIONS: ReadonlySet<string> = new Set(['-s', '-d', '-i', '-o', '-p']);

/** @throws RuleTextError where the text cannot be told apart */
export function partsOf(text: string): RuleParts {
  const words = wordsIn(text);
  if (words === undefined) throw new RuleTextError('expected a closing quote');
  const header: Option[] = [];
  const sections: { name: string; options: Option[] }[] = [];
  for (let at = 0; at < words.length;) {
    const not = words[at] === '!';
    if (not) at += 1;
    const word = words[at] ?? '';
    if (word === '-j' || word === '-g') {
      if (not || at + 1 === words.length) throw new RuleTextError(expectedGot('a target', words.at(-1)));
      return { header, sections, target: { option: word, words: words.slice(at + 1) } };
    }
    const end = endOfValues(words, at);
    const values = words.slice(at + 1, end);
    if (word === '-m') sections.push({ name: nameOf(values), options: [] });
    else if (word === '-f') header.push({ not, name: word, values });
    else if (HEADER_OPTIONS.has(word)) addHeader(header, { not, name: word, values });
    else if (word.startsWith('--')) sectionFor(sections, header).options.push({ not, name: word, values });
    else throw new RuleTextError(expectedGot('an option', unquoted(word)));
    at = end;
  }
  return { header, sections, target: undefined };
}

function addHeader(header: Option[], option: Option): void {
  const { name, values } = option;
  if (values.length !== 1) throw new RuleTextError(`${name}: ${expectedGot('one value', values.join(' '))}`);
  if (header.some((other) => other.name === name)) throw new RuleTextError(`expected ${name} once`);
  header.push(option);
}

/** Values go on to the next option; a comment is one word, whatever it says. */
function endOfValues(words: readonly string[], option: number): number {
  if (words[option] === '--comment') return Math.min(option + 2, words.length);
  let end = option + 1;
  while (end < words.length && words[end] !== '!' && words[end]?.startsWith('-') === false) end += 1;
  return end;
}

function nameOf(values: readonly string[]): string {
  const [name] = values;
  if (name === undefined || values.length > 1) {
    throw new RuleTextError(`-m: ${expectedGot('the name of a match', values.join(' '))}`);
  }
  return name;
}

/** The match that was named last; without any, the protocol's own. */
function sectionFor(
  sections: { name: string; options: Option[] }[],
  header: readonly Option[],
): { readonly options: Option[] } {
  const last = sections.at(-1);
  if (last !== undefined) return last;
  const protocol = header.find(({ name }) => name === '-p')?.values[0];
  if (protocol === undefined) throw new RuleTextError('expected the match that an option belongs to');
  const section = { name: protocol, options: [] };
  sections.push(section);
  return section;
}
