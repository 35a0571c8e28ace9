import * as z from 'zod/mini';
import { parseAddress, parseCidr } from '../net/address.ts';
import { parseDuration } from './duration.ts';
import { parseHostPort } from './host-port.ts';

/** The kinds of field a KubeProxyConfiguration has. Each says in its error what it expects. */

/** An unset field is missing or null, as in Go. */
export const unset = z.nullish;

export const text = z.string('a string');

export const trueOrFalse = z.boolean('true or false');

export function wholeNumber(least: number, most: number) {
  const words = `a whole number from ${least} to ${most}`;
  return z
    .number(words)
    .check(z.refine((value) => Number.isInteger(value) && value >= least && value <= most, words));
}

/** Go's int32, where negative numbers make no sense. */
export const count = wholeNumber(0, 2_147_483_647);

/** A text that passes the test; an empty one is as good as none. */
function textThat(test: (value: string) => boolean, words: string) {
  return z.string(words).check(z.refine((value) => value === '' || test(value), words));
}

export const address = textThat((value) => parseAddress(value) !== undefined, 'an IP address');

export const hostPort = textThat(
  (value) => (parseAddress(value) ?? parseHostPort(value)) !== undefined,
  'an IP address with or without a port, such as "0.0.0.0:10256" or "[::]:10256"',
);

export const NETWORK_WORDS = 'a network such as "10.0.0.0/8" or "fd00::/8"';

const NODE_PORT_WORDS = `${NETWORK_WORDS}, or "primary" alone`;

export const nodePortAddress = z
  .string(NODE_PORT_WORDS)
  .check(z.refine((value) => value === 'primary' || parseCidr(value) !== undefined, NODE_PORT_WORDS));

/** Go duration text, read as milliseconds. */
function durationFrom(least: number, words: string) {
  return z.pipe(
    z.string(words).check(z.refine((value) => (parseDuration(value) ?? Number.NaN) >= least, words)),
    z.transform((value: string) => parseDuration(value) ?? 0),
  );
}

export const POSITIVE_DURATION_WORDS = 'a duration longer than 0s, such as "30s" or "1h0m0s"';

export const anyDuration = durationFrom(-Infinity, 'a duration such as "30s" or "1h0m0s"');

export const durationOrZero = durationFrom(0, 'a duration of 0s or more, such as "30s" or "1h0m0s"');

/** Zero in a file asks for the default; a flag's zero is refused once it is known to come from one. */
export const positiveDuration = durationFrom(0, POSITIVE_DURATION_WORDS);

/** A positive duration, or a number of nanoseconds (component-base's TimeOrMetaDuration). */
export const durationOrNanoseconds = z.pipe(
  z.custom<string | number>((value) => millisecondsOf(value) >= 0, POSITIVE_DURATION_WORDS),
  z.transform((value: string | number) => millisecondsOf(value)),
);

function millisecondsOf(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value / 1_000_000;
  return typeof value === 'string' ? (parseDuration(value) ?? Number.NaN) : Number.NaN;
}

const QUANTITY = /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const QUANTITY_WORDS = 'a quantity such as "64Ki"';

/** A resource quantity, kept as text. */
export const quantity = z.pipe(
  z.custom<string | number>(
    (value) => (typeof value === 'string' || typeof value === 'number') && QUANTITY.test(String(value)),
    QUANTITY_WORDS,
  ),
  z.transform((value: string | number) => String(value)),
);

/** One of a few words, or none at all. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  const quoted = words.map((word) => JSON.stringify(word));
  const expected = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`;
  return z.literal<readonly (Word | '')[]>(['', ...words], expected);
}
