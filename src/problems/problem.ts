import { printable } from '../text/printable.ts';

/** One thing that is wrong with what the user gave us: where, which field, what was expected, what came. */
export interface Problem {
  /** The file, document and object, or the flag: `web.yaml, document 2: Service web/shop`. */
  readonly where: string;
  /** The field's path, `spec.ports[0].port`; empty where the whole value is wrong. */
  readonly path: string;
  /** `expected a number from 1 to 65535, got "http"`, or any other plain sentence. */
  readonly message: string;
}

/** Input that cannot be used. The command ends with exit code 1 and these lines. */
export class InputError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'InputError';
    this.problems = problems;
  }
}

/** In one line, whatever names and values the input had. */
export function formatProblem({ where, path, message }: Problem): string {
  return printable([where, path, message].filter((part) => part !== '').join(': '));
}

/** `expected X, got Y`, with a missing value told as such. */
export function expectedGot(expected: string, got: unknown): string {
  return `expected ${expected}, got ${describeValue(got)}`;
}

const LONGEST_VALUE = 80;

/** A value as a person can read it in one line; control characters and long texts are tamed. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.length > 0) return 'a list';
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return 'an object';
  const text = JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** `spec.ports[0].port` from the segments of a path. */
export function formatPath(segments: readonly PropertyKey[]): string {
  return segments
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`;
      const text = String(segment);
      if (!/^[A-Za-z_][\w-]*$/.test(text)) return `[${JSON.stringify(text)}]`;
      return index === 0 ? text : `.${text}`;
    })
    .join('');
}
