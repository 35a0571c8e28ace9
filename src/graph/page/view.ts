import type { ChainKey } from '../rule-graph.ts';

/** What the page shows. */
export type View =
  | { readonly kind: 'node' }
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'chain'; readonly chain: ChainKey };

/** The address of a view, as it stands behind the page's own: `#service/web%2Fshop`. */
export function hashOf(view: View): string {
  switch (view.kind) {
    case 'node':
      return '#';
    case 'service':
      return `#service/${encodeURIComponent(view.name)}`;
    case 'chain':
      return `#chain/${encodeURIComponent(view.chain)}`;
  }
}

/** Any text is the address of some view: what cannot be read is the whole node. */
export function viewOf(hash: string): View {
  const [, kind, rest = ''] = /^#(service|chain)\/(.+)$/.exec(hash) ?? [];
  const name = decoded(rest);
  if (name === undefined || kind === undefined) return { kind: 'node' };
  return kind === 'service' ? { kind, name } : { kind: 'chain', chain: name as ChainKey };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
