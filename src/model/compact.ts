/*
 * What is kept for a long time, in as little memory as it needs. A large cluster has a hundred thousand
 * short lists and texts, and how V8 leaves them behind counts for more than what they say.
 */

const NOTHING: readonly never[] = [];

/** The same values. A list that was filtered or appended to has room for 16 more; all empty ones are one. */
export function compactList<Value>(values: readonly Value[]): readonly Value[] {
  return values.length === 0 ? NOTHING : values.slice();
}

/**
 * The same text in one piece: a joined text is kept as its parts, three times as large. For names and
 * addresses, which have no blanks round them: to trim is the one way of many that makes the piece.
 */
export function compactText(text: string): string {
  return text.trim();
}
