import { expectedGot, type Problem } from '../problems/problem.ts';
import { KIND } from './configuration.ts';
import { FLAGS } from './flags.ts';
import { selfAndParents, valueAt } from './path.ts';

/** Where each field's value came from, so that a message can name what the user has to change. */
export interface Provenance {
  readonly isFromFlag: (path: string) => boolean;
  /** Whether the user set the field at all, by file or by flag. */
  readonly isSet: (path: string) => boolean;
  /** Whether a problem was already found with the field or a section it is in. */
  readonly isBroken: (path: string) => boolean;
  /** A message at the field: by its flag, where that set it. */
  readonly at: (path: string, message: string) => Problem;
  /** The same for `expected …, got` the value as the user wrote it, else the one in force. */
  readonly expected: (path: string, words: string, inForce: unknown) => Problem;
}

/** What is known before anything is checked. */
export interface Sources {
  /** The file and document; undefined where there is none, and every field belongs to its flag. */
  readonly where: string | undefined;
  /** The document with the flags put in. */
  readonly raw: unknown;
  /** Field path to the name of the flag that set it. */
  readonly flagOf: ReadonlyMap<string, string>;
  readonly broken: ReadonlySet<string>;
}

export function provenanceOf({ where, raw, flagOf, broken }: Sources): Provenance {
  const at = (path: string, message: string): Problem => {
    const flag = firstOf(flagOf, path) ?? (where === undefined ? firstOf(flagOfField(), path) : undefined);
    return flag === undefined
      ? { where: where ?? KIND, path, message }
      : { where: `--${flag}`, path: '', message };
  };
  return {
    isFromFlag: (path) => flagOf.has(path),
    isSet: (path) => (valueAt(raw, path) ?? undefined) !== undefined,
    isBroken: (path) => selfAndParents(path).some((each) => broken.has(each)),
    at,
    expected: (path, words, inForce) => at(path, expectedGot(words, valueAt(raw, path) ?? inForce)),
  };
}

function firstOf(map: ReadonlyMap<string, string>, path: string): string | undefined {
  return selfAndParents(path)
    .map((each) => map.get(each))
    .find((flag) => flag !== undefined);
}

function flagOfField(): ReadonlyMap<string, string> {
  return new Map(FLAGS.flatMap((flag) => (flag.path === undefined ? [] : [[flag.path, flag.name] as const])));
}
