import type { Mark, Match, Negatable, Target } from '../chains/rule.ts';
import type { Protocol } from '../model/objects.ts';
import type { Address, Cidr } from '../net/address.ts';

/*
 * Rules as the kernel may hold them: ours, and those that other programs and older proxies have written.
 * What is not modelled is kept by its text and never guessed at.
 */

/** Every `Rule` is one of these. */
export interface InspectedRule {
  readonly source?: Negatable<Cidr>;
  readonly destination?: Negatable<Cidr>;
  /** A name, or a prefix ending in `+`. */
  readonly inInterface?: Negatable<string>;
  readonly outInterface?: Negatable<string>;
  readonly protocol?: Protocol;
  /** In the order in which the kernel asks them. */
  readonly matches: readonly InspectedMatch[];
  readonly target?: InspectedTarget;
}

export type InspectedMatch = Match | ForeignMatch;

/** Matches that are questions about the packet: all but those that divide packets or leave something behind. */
export type Question = Exclude<InspectedMatch, { kind: 'chance' | 'rememberSource' }>;

export type InspectedTarget = Target | ForeignTarget;

/** What others ask that our own rules do not. */
export type ForeignMatch =
  /** The opposite of a match that has no negation of its own. */
  | { readonly kind: 'except'; readonly match: Question }
  | {
      readonly kind: 'ports';
      readonly protocol: Protocol;
      readonly side: 'source' | 'destination' | 'either';
      readonly ranges: readonly PortRange[];
    }
  /** Whether the mark, as far as the mask goes, has this value. */
  | { readonly kind: 'maskedMark'; readonly value: Mark; readonly mask: Mark }
  /** `-p` with a protocol other than those that services have, as it is written. */
  | { readonly kind: 'otherProtocol'; readonly name: string }
  /** Came in by a port of a bridge (`-m physdev --physdev-is-in`). */
  | { readonly kind: 'bridged' }
  /** Holds for each packet that opens a connection: counts (`-m nfacct`), or asks for no fragment (`! -f`). */
  | { readonly kind: 'always'; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

/** Both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What others do that our own rules do not. */
export type ForeignTarget =
  /** As a jump, but whoever returns goes back to where this chain was entered from. */
  | { readonly kind: 'goto'; readonly chain: string }
  /** Clears the bits of the mask, then turns over those of the value. */
  | { readonly kind: 'maskedMark'; readonly value: Mark; readonly mask: Mark }
  /** DNAT that leaves the port as it is. */
  | { readonly kind: 'dnatAddress'; readonly address: Address }
  | { readonly kind: 'rejectWith'; readonly answer: string }
  /** Writes a log, clamps a segment size: the packet goes on to the next rule. */
  | { readonly kind: 'noEffect'; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };
