/**
 * A line of iptables-save in words. Words in quotes keep the opening one, so that a comment `"-j"` is
 * not taken for an option; `unquoted` takes it off.
 *
 * @returns undefined where quotes are not closed
 */
export function wordsIn(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    if (line.charAt(at) === ' ') {
      at += 1;
    } else if (line.charAt(at) === '"') {
      const end = closingQuote(line, at);
      if (end === undefined) return undefined;
      words.push(withoutEscapes(line.slice(at, end)));
      at = end + 1;
    } else {
      const space = line.indexOf(' ', at);
      const end = space < 0 ? line.length : space;
      words.push(line.slice(at, end));
      at = end;
    }
  }
  return words;
}

export function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1) : word;
}

/** Words as they might have stood in a line. */
export function lineOf(words: readonly string[]): string {
  return words.map((word) => (word.startsWith('"') ? `${word}"` : word)).join(' ');
}

function closingQuote(line: string, opening: number): number | undefined {
  for (let at = opening + 1; at < line.length; at += 1) {
    if (line.charAt(at) === '\\') at += 1;
    else if (line.charAt(at) === '"') return at;
  }
  return undefined;
}

function withoutEscapes(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/g, '$1') : text;
}
