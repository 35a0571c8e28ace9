import {
  LineCounter,
  parseAllDocuments,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import { expectedGot, InputError, type Problem } from '../problems/problem.ts';
import { withinReason } from '../problems/within-reason.ts';
import { API_VERSION, KIND } from './configuration.ts';
import { isObject } from './path.ts';

export interface ConfigFile {
  /** As messages name it. */
  readonly name: string;
  readonly text: string;
}

/** The one KubeProxyConfiguration of a file, as it was written. */
export interface ConfigDocument {
  /** `kube-proxy.yaml: KubeProxyConfiguration`, with the document's number where there are several. */
  readonly where: string;
  readonly raw: unknown;
}

/**
 * Reads YAML or JSON. Of several documents all but one must be empty.
 *
 * @throws InputError for text that is no YAML, and for a document of another kind
 */
export function readDocument({ name, text }: ConfigFile): ConfigDocument {
  const filled = readDocuments(name, text).filter(({ raw }) => raw !== null && raw !== undefined);
  refuse(filled.flatMap(kindProblems));
  const [only, another] = filled;
  if (only === undefined) {
    throw new InputError([{ where: name, path: '', message: `expected one ${KIND}, got none` }]);
  }
  if (another !== undefined) {
    const message = `expected one ${KIND}, got ${filled.length}`;
    throw new InputError([{ where: another.where, path: '', message }]);
  }
  return { where: `${only.where}: ${KIND}`, raw: only.raw };
}

function readDocuments(name: string, text: string): readonly ConfigDocument[] {
  const lines = new LineCounter();
  const documents = withinReason(name, () =>
    parseAllDocuments(text, { ...YAML_OPTIONS, lineCounter: lines }),
  );
  refuse([...documents].flatMap((document) => syntaxProblems(document, name, lines)));
  return [...documents].map((document, index) => {
    const where = documents.length === 1 ? name : `${name}, document ${index + 1}`;
    return { where, raw: valueOf(document, where) };
  });
}

/**
 * YAML 1.1 as Go's yaml package reads it: `yes` is true and `014` is 12, but `1:30` is no number in
 * base 60 and a date is text.
 */
const YAML_OPTIONS = {
  version: '1.1',
  prettyErrors: false,
  logLevel: 'error',
  stringKeys: true,
  customTags: (tags) =>
    tags.filter(
      (tag) => typeof tag === 'string' || (tag.format !== 'TIME' && !tag.tag.endsWith(':timestamp')),
    ),
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

/** The first error, since others mostly follow from it, and each key that is there twice. */
function syntaxProblems(document: Document.Parsed, name: string, lines: LineCounter): readonly Problem[] {
  return document.errors
    .filter((error, index) => index === 0 || error.code === 'DUPLICATE_KEY')
    .map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return {
        where: `${name}, line ${line}, column ${col}`,
        path: '',
        message: `not valid YAML: ${error.message}`,
      };
    });
}

/** Aliases are only resolved here; one that names nothing, or far too many, cannot be. */
function valueOf(document: Document.Parsed, where: string): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError([{ where, path: '', message: `not valid YAML: ${reason}` }]);
  }
}

function kindProblems({ where, raw }: ConfigDocument): readonly Problem[] {
  if (!isObject(raw)) return [{ where, path: '', message: expectedGot(`a ${KIND}`, raw) }];
  const hint = wrapped(raw);
  if (hint !== undefined) return [{ where, path: '', message: hint }];
  const wanted = { apiVersion: API_VERSION, kind: KIND };
  return (['apiVersion', 'kind'] as const)
    .filter((path) => raw[path] !== wanted[path])
    .map((path) => ({ where, path, message: expectedGot(JSON.stringify(wanted[path]), raw[path]) }));
}

/** How to get at the file that is a text in what `kubectl get configmap kube-proxy -o yaml` prints. */
function wrapped({ kind, metadata, data }: Readonly<Record<string, unknown>>): string | undefined {
  const key = Object.entries(isObject(data) ? data : {}).find(
    ([, text]) => typeof text === 'string' && text.includes(KIND),
  )?.[0];
  if (kind !== 'ConfigMap' || key === undefined) return undefined;
  const { name, namespace } = isObject(metadata) ? metadata : {};
  const words = [typeof namespace === 'string' ? `-n ${namespace}` : '', 'get configmap', name];
  const owner = words.filter((word) => typeof word === 'string' && word !== '').join(' ');
  const path = key.replaceAll('.', '\\.');
  return `expected a ${KIND}, got a ConfigMap that holds one: kubectl ${owner} -o jsonpath='{.data.${path}}' prints it`;
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new InputError(problems);
}
