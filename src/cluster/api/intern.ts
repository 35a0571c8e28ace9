import { isRecord } from '../documents.ts';

/** A few thousand nodes, zones and namespaces; beyond it something makes names up, and we start afresh. */
const MOST_NAMES = 20_000;

/**
 * Lets equal names share one text: JSON.parse makes a new one for each of a hundred thousand endpoints.
 * Works on the parsed object in place, before it is projected.
 */
export function interner(): (object: unknown) => void {
  const names = new Map<string, string>();
  const shared = (name: unknown): unknown => {
    if (typeof name !== 'string') return name;
    const known = names.get(name);
    if (known !== undefined) return known;
    if (names.size >= MOST_NAMES) names.clear();
    names.set(name, name);
    return name;
  };
  return (object) => {
    if (!isRecord(object)) return;
    share(object.metadata, 'namespace', shared);
    if (!Array.isArray(object.endpoints)) return;
    for (const endpoint of object.endpoints as readonly unknown[]) {
      share(endpoint, 'nodeName', shared);
      if (!isRecord(endpoint) || !isRecord(endpoint.hints)) continue;
      for (const hints of [endpoint.hints.forZones, endpoint.hints.forNodes]) {
        if (Array.isArray(hints)) for (const hint of hints as readonly unknown[]) share(hint, 'name', shared);
      }
    }
  };
}

function share(owner: unknown, field: string, shared: (name: unknown) => unknown): void {
  if (isRecord(owner) && field in owner) (owner as Record<string, unknown>)[field] = shared(owner[field]);
}
