import type { RulePlace } from '../fate.ts';

/** What is wrong with the fate of a packet. */
export type ComplaintKind =
  /** It goes where it must not, or does not go where it must. */
  | 'fate'
  /** The right endpoints, but not as often as they should. */
  | 'shares'
  /** Its source becomes the node's address, or does not, where it should be the other way. */
  | 'masquerade'
  /** A policy decides where a rule should, or a rule where a policy should. */
  | 'acceptance'
  /** A source that was here lately does not get its endpoint again, or gets it for too long or too short. */
  | 'affinity'
  /** A rule asks or does what is not modelled here. */
  | 'unknown';

export interface Complaint {
  readonly kind: ComplaintKind;
  readonly expected: string;
  readonly found: string;
  /** The rule that decides, or where one is missing, the last that led towards it; undefined without any. */
  readonly place: RulePlace | undefined;
  readonly isMissing: boolean;
  /** All rules that the packet matched. */
  readonly path: readonly RulePlace[];
}
