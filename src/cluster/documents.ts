import { LineCounter, parseAllDocuments } from 'yaml';
import { InputError, type Problem } from '../problems/problem.ts';
import { withinReason } from '../problems/within-reason.ts';

/** One text of manifests and what to call it in messages. */
export interface ManifestText {
  readonly name: string;
  readonly text: string;
}

/** One object of a manifest, not yet checked, and where it stands. */
export interface ManifestObject {
  /** `web.yaml`, or `web.yaml, document 2, item 3` where there are several. */
  readonly where: string;
  readonly value: unknown;
}

/**
 * Splits manifests, YAML or JSON, into objects; lists are opened, empty documents left out.
 *
 * @throws InputError with file, line and column where the text is neither
 */
export function manifestObjects({ name, text }: ManifestText): readonly ManifestObject[] {
  const documents = parseText(name, text);
  return documents.flatMap((value, index) => {
    if (value === null || value === undefined) return [];
    const where = documents.length > 1 ? `${name}, document ${index + 1}` : name;
    return openList({ where, value });
  });
}

function parseText(name: string, text: string): readonly unknown[] {
  const json = tryJson(text);
  if (json !== undefined) return json;
  const lineCounter = new LineCounter();
  // An error that shows its line takes the longer the later it comes, and a broken text has thousands.
  const options = {
    merge: true,
    stringKeys: true,
    logLevel: 'error',
    prettyErrors: false,
    lineCounter,
  } as const;
  const parsed = withinReason(name, () => parseAllDocuments(text, options));
  if ('empty' in parsed) return [];
  // The first of each document: others mostly follow from it.
  const problems = parsed.flatMap((document) =>
    document.errors.slice(0, 1).map((error): Problem => {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      return { where: `${name}, line ${line}, column ${col}`, path: '', message: error.message };
    }),
  );
  if (problems.length > 0) throw new InputError(problems);
  return parsed.map((document): unknown => {
    try {
      return document.toJS();
    } catch (error) {
      // Aliases that multiply without end, or that lead nowhere.
      const message = error instanceof Error ? error.message : String(error);
      throw new InputError([{ where: name, path: '', message }]);
    }
  });
}

/** JSON is the faster of the two by far, and machines write it: one value, or one after the other as jq does. */
function tryJson(text: string): readonly unknown[] | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return [JSON.parse(text) as unknown];
  } catch {
    return tryJsonStream(text);
  }
}

/** Only a value of its own begins with a brace at the start of a line, whether jq indents or not. */
function tryJsonStream(text: string): readonly unknown[] | undefined {
  try {
    return text.split(/\n(?=\{)/).map((value): unknown => JSON.parse(value));
  } catch {
    return undefined;
  }
}

function openList(object: ManifestObject): readonly ManifestObject[] {
  const { value } = object;
  if (!isRecord(value) || typeof value.kind !== 'string' || !value.kind.endsWith('List')) return [object];
  const { kind, apiVersion, items } = value;
  if (!Array.isArray(items)) {
    throw new InputError([{ where: `${object.where}: ${kind}`, path: 'items', message: 'expected a list' }]);
  }
  // The items of a typed list say neither kind nor version.
  const itemKind = kind === 'List' ? {} : { kind: kind.slice(0, -'List'.length), apiVersion };
  return items.flatMap((item: unknown, index) =>
    openList({
      where: `${object.where}, item ${index + 1}`,
      value: isRecord(item) ? { ...itemKind, ...item } : item,
    }),
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
