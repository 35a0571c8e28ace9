import type { Address } from '../net/address.ts';
import type { Fraction } from './fraction.ts';

/** Where a rule stands, as `iptables -L --line-numbers` counts: from 1. */
export interface RulePlace {
  readonly table: string;
  readonly chain: string;
  /** The policy of a base chain decides where no rule does. */
  readonly rule: number | 'policy';
}

/** One thing that may become of a packet, and how likely it is. */
export interface Fate {
  readonly probability: Fraction;
  readonly outcome: Outcome;
  /** The rules that matched on the way, in order; where several ways lead to one outcome, the first. */
  readonly path: readonly RulePlace[];
}

export type Outcome =
  | Delivered
  | { readonly kind: 'dropped'; readonly by: RulePlace }
  | { readonly kind: 'rejected'; readonly by: RulePlace }
  /** A rule asks or does something that is not modelled, and whether it matters cannot be told. */
  | { readonly kind: 'unknown'; readonly by: RulePlace; readonly part: string };

/** The rules let it through. Without dnat and masqueraded they have left it as it came. */
export interface Delivered {
  readonly kind: 'delivered';
  /** Where it goes: the packet's own destination where nothing has changed it. */
  readonly address: Address;
  readonly port: number;
  readonly dnat: boolean;
  readonly masqueraded: boolean;
  /** A rule accepted it in the last chain of the filter table that it met, and the policy was not asked. */
  readonly accepted: boolean;
  /** To the node itself from outside; through it; or sent by it, be it to itself. */
  readonly via: 'input' | 'forward' | 'output';
}
