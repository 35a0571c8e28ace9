import * as z from 'zod/mini';
import { parseAddress, parseCidr } from '../net/address.ts';

/*
 * Building blocks of the schemas. Each says in `error` what it expects; the sentence round it is made
 * by problemsOf. Nothing that passes here can do harm in a restore file.
 */

/** Go reads an absent field and null alike. */
export function optional<Schema extends z.core.$ZodType>(schema: Schema) {
  return z.optional(z.nullable(schema));
}

export function listOf<Schema extends z.core.$ZodType>(schema: Schema) {
  return optional(z.array(schema));
}

/** One of a few words; a word in the wrong case is told its right spelling. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  const choices =
    words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} or ${String(words.at(-1))}`;
  return z.enum(words, {
    error: ({ input }) => {
      const meant = words.find(
        (word) => typeof input === 'string' && word.toLowerCase() === input.toLowerCase(),
      );
      return meant === undefined ? choices : `${choices} (did you mean ${meant}?)`;
    },
  });
}

export function wholeNumber(from: number, to: number, what = 'a whole number') {
  const error = `${what} from ${from} to ${to}`;
  return z.number({ error }).check(z.int({ error }), z.minimum(from, { error }), z.maximum(to, { error }));
}

export const port = wholeNumber(1, 65535, 'a port');

/** The API server writes 0 for a port that is not set. */
export const portOrUnset = wholeNumber(0, 65535, 'a port');

export function text(error: string) {
  return z.string({ error });
}

function matching(pattern: RegExp, longest: number, error: string) {
  return z.string({ error }).check(z.maxLength(longest, { error }), z.regex(pattern, { error }));
}

/** RFC 1123 label: names of namespaces, services and ports. */
export const label = matching(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  63,
  'a name of at most 63 lower-case letters, digits and dashes',
);

/** RFC 1123 subdomain: names of slices and nodes. */
export const subdomain = matching(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  253,
  'a name of at most 253 lower-case letters, digits, dashes and dots',
);

/** The name of a port, or the empty text for the one that has none. */
export const portName = z.string({ error: 'a port name' }).check(
  z.refine((name) => name === '' || label.safeParse(name).success, {
    error: 'a port name of at most 63 lower-case letters, digits and dashes',
  }),
);

const ADDRESS = 'an IP address';
export const address = z
  .string({ error: ADDRESS })
  .check(z.refine((value) => parseAddress(value) !== undefined, { error: ADDRESS }));

/** Source ranges and the like may carry spaces around them, which the API server let in by mistake. */
const CIDR = 'a network such as 10.0.0.0/8 or fd00::/64';
export const cidr = z
  .string({ error: CIDR })
  .check(z.refine((value) => parseCidr(value.trim()) !== undefined, { error: CIDR }));

export const flag = z.boolean({ error: 'true or false' });

export const ipFamily = oneOf(['IPv4', 'IPv6']);

export const protocol = oneOf(['TCP', 'UDP', 'SCTP']);

export const labels = optional(z.record(z.string(), text('a text')));
