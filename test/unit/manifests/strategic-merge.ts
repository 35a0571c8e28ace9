export type Fields = Readonly<Record<string, unknown>>;

/** By which field the API merges the items of a list; every other list is replaced. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
};

/** What a strategic merge patch makes of an object: of its directives, `$patch: delete` in lists. */
export function mergePatch(base: Fields, patch: Fields): Fields {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (name === '$patch') throw new Error(`$patch: ${String(value)} is not understood here`);
    if (value === null) Reflect.deleteProperty(merged, name);
    else merged[name] = mergeValue(name, merged[name], value);
  }
  return merged;
}

function mergeValue(name: string, base: unknown, patch: unknown): unknown {
  const key = MERGE_KEYS[name];
  if (Array.isArray(patch) && key !== undefined) return mergeList(asList(base), asList(patch), key);
  if (isFields(patch)) return mergePatch(isFields(base) ? base : {}, patch);
  return patch;
}

function mergeList(base: readonly Fields[], patch: readonly Fields[], key: string): readonly Fields[] {
  const merged = new Map(base.map((item) => [item[key], item]));
  for (const { $patch, ...item } of patch) {
    const before = merged.get(item[key]);
    if ($patch !== 'delete') merged.set(item[key], mergePatch(before ?? {}, item));
    else if (!merged.delete(item[key])) throw new Error(`no ${String(item[key])} to delete`);
  }
  return [...merged.values()];
}

function asList(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Fields[]) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
