import type { CommentPolicy } from './comments.ts';

/**
 * How the chains of a node are laid out. `classic` is kube-proxy's own; in `indexed` a lookup takes a number
 * of steps that grows with the logarithm of the number of services. Both mean the same.
 */
export type LayoutName = 'classic' | 'indexed';

/** `auto` goes by the number of services, and of endpoints in one. */
export type LayoutChoice = LayoutName | 'auto';

/** What the operator asks for. */
export interface LayoutSettings {
  readonly name: LayoutChoice;
  readonly comments: CommentPolicy;
}

export const AUTO_LAYOUT: LayoutSettings = { name: 'auto', comments: 'auto' };

/** How long the lists of the classic layout are on a node. */
export interface ListLengths {
  /** Those of all services are walked one after the other. */
  readonly servicePorts: number;
  /** For each port of the service that has most: those of one port are walked as well. */
  readonly mostEndpoints: number;
}

/**
 * A list of so many costs a new connection more than a tree does: 1.2 times as much with 1,000 service ports
 * on legacy, 1.5 times on nft; with 100 there is no difference.
 */
const INDEXED_FROM = 300;

/** Going back needs a clear margin, or a node at the border would be rewritten again and again. */
const CLASSIC_BELOW = 200;

/**
 * The layout for a node whose lists would be this long.
 *
 * @param current what the kernel holds; undefined where nothing is known of it
 */
export function layoutFor(
  choice: LayoutChoice,
  { servicePorts, mostEndpoints }: ListLengths,
  current: LayoutName | undefined,
): LayoutName {
  if (choice !== 'auto') return choice;
  const longest = Math.max(servicePorts, mostEndpoints);
  if (longest >= INDEXED_FROM) return 'indexed';
  if (longest < CLASSIC_BELOW) return 'classic';
  return current ?? 'classic';
}
