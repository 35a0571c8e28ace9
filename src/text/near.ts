const MOST = 3;

/**
 * The words that somebody may have meant who wrote another one, the likeliest first: those with a letter or two
 * wrong, missing, too many or in each other's place, and those of which it is a part.
 */
export function nearWords(asked: string, words: Iterable<string>): readonly string[] {
  const wanted = asked.toLowerCase();
  if (wanted === '') return [];
  return [...new Set(words)]
    .filter((word) => isPart(wanted, word.toLowerCase()) || isLike(wanted, word.toLowerCase()))
    .map((word) => ({ word, errors: errorsBetween(wanted, word.toLowerCase()) }))
    .sort((a, b) => a.errors - b.errors)
    .slice(0, MOST)
    .map(({ word }) => word);
}

/**
 * Services that may have been meant: names are compared, as namespaces are often left out or wrong.
 *
 * @param asked `namespace/name` or `name`, either with `:port`
 * @param known as `namespace/name`
 */
export function nearServices(asked: string, known: Iterable<string>): readonly string[] {
  const names = [...new Set(known)];
  const near = nearWords(nameIn(asked).replace(/:.*/, ''), names.map(nameIn));
  return near.flatMap((name) => names.filter((each) => nameIn(each) === name)).slice(0, MOST);
}

function nameIn(service: string): string {
  return service.slice(service.indexOf('/') + 1);
}

/** ` (did you mean a or b?)`, or nothing. */
export function didYouMean(near: readonly string[]): string {
  return near.length === 0 ? '' : ` (did you mean ${near.join(' or ')}?)`;
}

/** Of a short word two wrong letters make another word. */
function mostErrors(asked: string): number {
  return asked.length < 3 ? 0 : asked.length < 6 ? 1 : 2;
}

function isPart(asked: string, word: string): boolean {
  return asked.length > 2 && word.includes(asked);
}

/** The lengths come first: somebody may ask by a whole file. */
function isLike(asked: string, word: string): boolean {
  const most = mostErrors(asked);
  return Math.abs(asked.length - word.length) <= most && errorsBetween(asked, word) <= most;
}

/** Letters to insert, to delete, to replace, or to exchange with the next one (optimal string alignment). */
function errorsBetween(asked: string, word: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: word.length + 1 }, (_, index) => index);
  for (let row = 1; row <= asked.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= word.length; column += 1) {
      const same = asked[row - 1] === word[column - 1];
      const swapped = asked[row - 1] === word[column - 2] && asked[row - 2] === word[column - 1];
      current.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[word.length] ?? asked.length;
}
