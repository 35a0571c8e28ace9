import type * as z from 'zod/mini';
import { nearWords } from '../text/near.ts';
import { describeValue, expectedGot, formatPath, type Problem } from './problem.ts';
import { fieldsAt } from './schema-fields.ts';

/**
 * A zod error as problems. A schema says what it expects by `error: 'a port from 1 to 65535'`;
 * the sentence round it, the path and the value that came are added here.
 *
 * @param schema the one that the input failed; unknown fields are told which ones may have been meant
 */
export function problemsOf(
  error: z.core.$ZodError,
  input: unknown,
  where: string,
  schema?: z.core.$ZodType,
): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, input, where, schema));
}

function problemsOfIssue(
  issue: z.core.$ZodIssue,
  input: unknown,
  where: string,
  schema: z.core.$ZodType | undefined,
): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const parent = valueAt(input, issue.path);
    const known = schema === undefined ? [] : fieldsAt(schema, issue.path);
    return issue.keys.map((key) => {
      const near = nearWords(key, known);
      const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
      const value = describeValue(valueAt(parent, [key]));
      return {
        where,
        path: formatPath([...issue.path, key]),
        message: `unknown field (its value is ${value}${hint})`,
      };
    });
  }
  return [
    {
      where,
      path: formatPath(issue.path),
      message: expectedGot(expectationOf(issue), valueAt(input, issue.path)),
    },
  ];
}

/** The schema's own words, or where it has none (an object, a list), the kind of value it wants. */
function expectationOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  const words: Readonly<Record<string, string>> = {
    object: 'an object',
    record: 'an object',
    array: 'a list',
  };
  return words[issue.expected] ?? issue.message;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, segment) =>
      typeof value === 'object' && value !== null
        ? (value as Record<PropertyKey, unknown>)[segment]
        : undefined,
    input,
  );
}
