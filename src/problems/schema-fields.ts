import type * as z from 'zod/mini';
import { didYouMean, nearWords } from '../text/near.ts';
import { formatPath } from './problem.ts';

/** The fields that a schema knows in the object at a path; none where it knows no object there. */
export function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const found = path.reduce<z.core.$ZodType | undefined>(
    (parent, segment) => parent && memberOf(parent, segment),
    schema,
  );
  return Object.keys((found && shapeOf(found)) ?? {});
}

/**
 * Fields of a value that a schema passes over, and that are nearly ones it reads: written wrong, most likely. A
 * field of a later release that we know nothing of looks like no other.
 *
 * @returns a line each, with the field's path
 */
export function misspeltFields(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[] = [],
): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => {
      const member = memberOf(schema, index);
      return member === undefined ? [] : misspeltFields(member, item, [...path, index]);
    });
  }
  const shape = shapeOf(schema);
  if (shape === undefined || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = [...path, name];
    const member = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (member !== undefined) return misspeltFields(member, inner, at);
    const near = nearFields(name, shape).filter((each) => !Object.hasOwn(value, each));
    return near.length === 0 ? [] : [`${formatPath(at)}: unknown field, passed over${didYouMean(near)}`];
  });
}

/** Objects of one kind have the same unknown fields over and over. */
const REMEMBERED = new WeakMap<z.core.$ZodShape, Map<string, readonly string[]>>();
const MOST_REMEMBERED = 1000;

/** No field's name is longer. */
const LONGEST_NAME = 64;

function nearFields(name: string, shape: z.core.$ZodShape): readonly string[] {
  if (name.length > LONGEST_NAME) return [];
  const known = REMEMBERED.get(shape) ?? new Map<string, readonly string[]>();
  const before = known.get(name);
  if (before !== undefined) return before;
  const near = nearWords(name, Object.keys(shape));
  if (known.size < MOST_REMEMBERED) REMEMBERED.set(shape, known.set(name, near));
  return near;
}

function shapeOf(schema: z.core.$ZodType): z.core.$ZodShape | undefined {
  const { def } = bare(schema)._zod;
  return def.type === 'object' ? (def as z.core.$ZodObjectDef).shape : undefined;
}

function memberOf(schema: z.core.$ZodType, segment: PropertyKey): z.core.$ZodType | undefined {
  const { def } = bare(schema)._zod;
  if (def.type === 'array') return (def as z.core.$ZodArrayDef).element;
  return shapeOf(schema)?.[String(segment)];
}

/** Without what lets it be left out. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = schema._zod;
  const isWrapped = def.type === 'optional' || def.type === 'nullable';
  return isWrapped ? bare((def as z.core.$ZodOptionalDef).innerType) : schema;
}
