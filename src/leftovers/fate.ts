/** What became of something that a service proxy of another mode left on the node. */
export type Fate =
  | { readonly kind: 'removed'; readonly what: string }
  /** It is there, and stays. */
  | { readonly kind: 'left'; readonly what: string; readonly why: string }
  /** It may be there. */
  | { readonly kind: 'unknown'; readonly what: string; readonly why: string }
  | { readonly kind: 'failed'; readonly what: string; readonly why: string };
