import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { mergePatch, type Fields } from './strategic-merge.ts';

/** An object of the API, as a kustomization would have it applied. */
export interface KubernetesObject extends Fields {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface Kustomization {
  readonly resources?: readonly string[];
  readonly patches?: readonly ({ readonly path: string } | { readonly patch: string })[];
  readonly configMapGenerator?: readonly Generator[];
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
}

interface Generator {
  readonly name: string;
  readonly namespace: string;
  readonly files: readonly string[];
  readonly options?: { readonly labels?: Readonly<Record<string, string>> };
}

const UNDERSTOOD = ['apiVersion', 'kind', 'resources', 'patches', 'configMapGenerator', 'images'];

/**
 * What `kustomize build` prints for a folder, but for the hash at the end of a generated ConfigMap's name.
 * Only what our kustomizations use is understood; the rest is an error, so that nothing is passed over.
 */
export function kustomize(directory: string): readonly KubernetesObject[] {
  const kustomization = parse(read(directory, 'kustomization.yaml')) as Kustomization;
  const strange = Object.keys(kustomization).filter((field) => !UNDERSTOOD.includes(field));
  if (strange.length > 0) throw new Error(`${directory}: ${strange.join(', ')} is not understood here`);
  const { resources = [], configMapGenerator = [], patches = [], images = [] } = kustomization;

  let objects: readonly KubernetesObject[] = [
    ...resources.flatMap((resource) => load(directory, resource)),
    ...configMapGenerator.map((generator) => configMap(directory, generator)),
  ];
  for (const each of patches) {
    const text = 'path' in each ? read(directory, each.path) : each.patch;
    objects = patched(objects, parse(text) as KubernetesObject, directory);
  }
  return objects.map((object) => withImages(object, images));
}

/** One object by its kind, which must be there once. */
export function only(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const [found, ...more] = objects.filter((object) => object.kind === kind);
  if (found === undefined || more.length > 0) throw new Error(`expected one ${kind}`);
  return found;
}

function load(directory: string, resource: string): readonly KubernetesObject[] {
  if (!resource.endsWith('.yaml')) return kustomize(resolve(directory, resource));
  return parseAllDocuments(read(directory, resource)).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as KubernetesObject;
  });
}

function configMap(directory: string, { name, namespace, files, options }: Generator): KubernetesObject {
  const data = Object.fromEntries(files.map((file) => [basename(file), read(directory, file)]));
  const labels = options?.labels === undefined ? {} : { labels: options.labels };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...labels }, data };
}

function patched(
  objects: readonly KubernetesObject[],
  patch: KubernetesObject,
  directory: string,
): readonly KubernetesObject[] {
  const { kind, metadata, $patch } = patch;
  const isTarget = (object: KubernetesObject): boolean =>
    object.kind === kind &&
    object.metadata.name === metadata.name &&
    object.metadata.namespace === metadata.namespace;
  if (!objects.some(isTarget)) throw new Error(`${directory}: no ${kind} ${metadata.name} to patch`);
  if ($patch === 'delete') return objects.filter((object) => !isTarget(object));
  return objects.map((object) => (isTarget(object) ? mergePatch(object, patch) : object) as KubernetesObject);
}

function withImages(
  object: KubernetesObject,
  images: NonNullable<Kustomization['images']>,
): KubernetesObject {
  const renamed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renamed);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, item]): [string, unknown] => {
      const [, image = ''] = name === 'image' ? (/^([^:@]+)/.exec(String(item)) ?? []) : [];
      const rule = images.find((each) => each.name === image);
      if (rule === undefined) return [name, renamed(item)];
      const tag = rule.newTag ?? String(item).slice(image.length + 1);
      return [name, `${rule.newName ?? image}${tag === '' ? '' : `:${tag}`}`];
    });
    return Object.fromEntries(entries);
  };
  return renamed(object) as KubernetesObject;
}

function read(directory: string, file: string): string {
  return readFileSync(join(directory, file), 'utf8');
}
