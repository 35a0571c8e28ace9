import type * as z from 'zod/mini';
import { formatPath, type Problem } from '../../problems/problem.ts';
import { BEYOND_REASON } from '../../problems/within-reason.ts';
import { problemsOf } from '../../problems/zod.ts';
import { isRecord } from '../documents.ts';
import type { FieldProblem } from '../service.ts';
import { mendFor, without, type Mend } from './mending.ts';

/** An object of the API as we understand it. */
export type Reading<Model> =
  /** `model` is undefined where the object takes no part in what a proxy does. */
  | { readonly kind: 'good'; readonly model: Model | undefined; readonly problems: readonly Problem[] }
  | { readonly kind: 'bad'; readonly problems: readonly Problem[] };

export interface Reader<Raw, Model> {
  readonly schema: z.ZodMiniType<Raw>;
  /** Well-formed fields that cannot be true together. */
  readonly contradictions: (raw: Raw) => readonly FieldProblem[];
  readonly mends: readonly Mend[];
  /** Lists that mean something else when nothing of them is left: such an object is bad. */
  readonly neverEmptied: readonly string[];
  readonly project: (raw: Raw) => Model | undefined;
}

/**
 * Reads an object of the API: checks it, and keeps the fields that count. Bad parts that the object can do
 * without are left out and told in `problems`, one each.
 */
export function readObject<Raw, Model>(
  reader: Reader<Raw, Model>,
  value: unknown,
  title: string,
): Reading<Model> {
  try {
    const first = check(reader, value, title);
    if (first.fine) return { kind: 'good', model: reader.project(first.raw), problems: [] };
    return readMended(reader, value, title, first.findings);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return bad([{ where: title, path: '', message: BEYOND_REASON }]);
  }
}

interface Finding {
  readonly path: readonly PropertyKey[];
  readonly problem: Problem;
}

type Checked<Raw> =
  | { readonly fine: true; readonly raw: Raw }
  | { readonly fine: false; readonly findings: readonly Finding[] };

function check<Raw>(reader: Reader<Raw, unknown>, value: unknown, title: string): Checked<Raw> {
  const result = reader.schema.safeParse(value, { reportInput: false });
  if (!result.success) {
    const problems = problemsOf(result.error, value, title);
    const findings = result.error.issues.map(({ path }, index): Finding => {
      const problem = problems[index] ?? { where: title, path: formatPath(path), message: 'not understood' };
      return { path, problem };
    });
    return { fine: false, findings };
  }
  const contradictions = reader.contradictions(result.data);
  if (contradictions.length === 0) return { fine: true, raw: result.data };
  const findings = contradictions.map((problem) => ({
    path: segments(problem.path),
    problem: { where: title, ...problem },
  }));
  return { fine: false, findings };
}

/** Leaving out bad fields may bring contradictions to light, and leaving those out new ones: not for ever. */
const MOST_ROUNDS = 4;

function readMended<Raw, Model>(
  reader: Reader<Raw, Model>,
  value: unknown,
  title: string,
  found: readonly Finding[],
): Reading<Model> {
  const told: Problem[] = [];
  /** What was left out in vain is what is wrong, more than what that brought to light. */
  const roots: Problem[] = [];
  let mended = value;
  let findings = found;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const mends = findings.map((finding) => ({ ...finding, mend: mendFor(finding.path, reader.mends) }));
    const hopeless = mends.filter(({ mend }) => mend === undefined);
    if (hopeless.length > 0) return bad([...roots, ...hopeless.map(({ problem }) => problem)]);
    const cuts: (readonly PropertyKey[])[] = [];
    for (const { path, problem, mend } of mends) {
      if (mend === undefined) continue;
      cuts.push(path.slice(0, mend.leaveOut.split('.').length));
      roots.push(problem);
      told.push({ ...problem, message: `${problem.message} (${mend.effect})` });
    }
    const before = mended;
    mended = without(mended, cuts);
    const emptied = reader.neverEmptied.some(
      (path) => lengthAt(before, path) > 0 && lengthAt(mended, path) === 0,
    );
    if (emptied) return bad(roots);
    const checked = check(reader, mended, title);
    if (checked.fine) return { kind: 'good', model: reader.project(checked.raw), problems: told };
    findings = checked.findings;
  }
  return bad([...roots, ...findings.map(({ problem }) => problem)]);
}

function bad(problems: readonly Problem[]): Reading<never> {
  return { kind: 'bad', problems };
}

/** `spec.ports[0].name` as segments. */
function segments(path: string): readonly PropertyKey[] {
  return [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([text, index]) =>
    index === undefined ? text : Number(index),
  );
}

function lengthAt(value: unknown, path: string): number {
  const found = path
    .split('.')
    .reduce<unknown>((parent, key) => (isRecord(parent) ? parent[key] : undefined), value);
  return Array.isArray(found) ? found.length : 0;
}
