import type { Configuration } from './configuration.ts';
import { configurationObject } from './write.ts';

/**
 * How one configuration in force differs from another, a line for each field, by their paths:
 * `iptables.masqueradeAll: false -> true`. Empty where they mean the same.
 */
export function configurationChanges(before: Configuration, after: Configuration): readonly string[] {
  const [old, now] = [fieldsOf(configurationObject(before)), fieldsOf(configurationObject(after))];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => `${path}: ${old.get(path) ?? 'not set'} -> ${now.get(path) ?? 'not set'}`);
}

/** Each field that is no section, as text; lists are one field. */
function fieldsOf(section: object, prefix = ''): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(section) as readonly (readonly [string, unknown])[]) {
    const path = `${prefix}${name}`;
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isSection) for (const [inner, text] of fieldsOf(value, `${path}.`)) fields.set(inner, text);
    else if (value !== undefined) fields.set(path, JSON.stringify(value));
  }
  return fields;
}
