import type * as z from 'zod/mini';
import { formatPath, type Problem } from '../problems/problem.ts';
import { problemsOf } from '../problems/zod.ts';
import { API_VERSION, KIND } from './configuration.ts';
import { configurationSchema, type GivenConfiguration } from './schema.ts';

/** What could be read of a configuration, and what could not. */
export interface Shape {
  /** Without the fields that have a problem, so that the others can be checked further. */
  readonly given: GivenConfiguration;
  readonly problems: readonly Problem[];
  /** The paths of the fields that were left out. */
  readonly broken: ReadonlySet<string>;
}

/** Checks a parsed document against the schema. It never throws; `where` of the problems is empty. */
export function readShape(raw: unknown): Shape {
  const result = configurationSchema.safeParse(raw);
  if (result.success) return { given: result.data, problems: [], broken: new Set() };
  const problems = problemsOf(result.error, raw, '', configurationSchema);
  const brokenPaths = result.error.issues.flatMap(fieldsOf);
  const broken = new Set(brokenPaths.map(formatPath));
  const rest = configurationSchema.safeParse(without(raw, brokenPaths));
  const given = rest.data ?? { apiVersion: API_VERSION, kind: KIND };
  return { given, problems, broken };
}

type Path = readonly PropertyKey[];

/** The fields to leave out for an issue; an element of a list takes its whole list with it. */
function fieldsOf(issue: z.core.$ZodIssue): readonly Path[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...issue.path, key]);
  const element = issue.path.findIndex((segment) => typeof segment === 'number');
  return [element < 0 ? issue.path : issue.path.slice(0, element)];
}

function without(raw: unknown, paths: readonly Path[]): unknown {
  const copy: unknown = structuredClone(raw);
  for (const path of paths) {
    const parent = path
      .slice(0, -1)
      .reduce<unknown>(
        (value, segment) => (value as Record<PropertyKey, unknown> | undefined)?.[segment],
        copy,
      );
    const name = path.at(-1);
    if (typeof parent === 'object' && parent !== null && name !== undefined) {
      Reflect.deleteProperty(parent, name);
    }
  }
  return copy;
}
