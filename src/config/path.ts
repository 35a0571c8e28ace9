/**
 * Fields of a configuration by their path, `iptables.masqueradeBit`. Names hold no dots; the keys of
 * maps (featureGates) do not appear in paths that are read or set here.
 */

/** The value at the path, or undefined. */
export function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((parent, name) => (isObject(parent) ? parent[name] : undefined), value);
}

/**
 * A copy with the value at the path; a missing or null section on the way becomes an object. Where the
 * section is something else, nothing is changed: the schema will complain of it.
 */
export function withValueAt(object: unknown, path: string, value: unknown): unknown {
  const parent = object ?? {};
  if (!isObject(parent)) return object;
  const dot = path.indexOf('.');
  if (dot < 0) return { ...parent, [path]: value };
  const name = path.slice(0, dot);
  return { ...parent, [name]: withValueAt(parent[name], path.slice(dot + 1), value) };
}

/** `a.b[0].c` and every path above it: `a.b[0]`, `a.b`, `a`. */
export function selfAndParents(path: string): readonly string[] {
  const ends = [...path.matchAll(/[.[]/g)].map((match) => match.index);
  return [path, ...ends.reverse().map((end) => path.slice(0, end))];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
