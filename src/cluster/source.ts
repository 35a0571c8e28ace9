import type { EndpointSlice, Node, Service } from '../model/objects.ts';

/** One object that came, changed or went; `object` is undefined where it went or no longer takes part. */
export type Change =
  | { readonly kind: 'service'; readonly key: string; readonly object: Service | undefined }
  | { readonly kind: 'slice'; readonly key: string; readonly object: EndpointSlice | undefined }
  | { readonly kind: 'node'; readonly key: string; readonly object: Node | undefined };

export interface SourceListener {
  /** Changes that belong together (a list, a burst of writes) come in one call, in their order. */
  readonly onChanges: (changes: readonly Change[]) => void;
  /** Called once, when everything that the source knows at first has been told. */
  readonly onSynced: () => void;
}

/** Where the cluster's words come from: the API, or a directory of manifests. Keys are `namespace/name`. */
export interface Source {
  /** Follows the cluster until the signal aborts; resolves then. Rejects only where it can never work. */
  readonly run: (listener: SourceListener, signal: AbortSignal) => Promise<void>;
}
