import type { Family } from '../net/address.ts';

/** What a page carries with it, as JSON. */
export interface PageData {
  readonly node: string;
  readonly family: Family;
  /** When the counters were read, in words; null where none were. */
  readonly counted: string | null;
  /** The service to open with; null for the whole node. */
  readonly service: string | null;
  /** iptables-save text, raw deflate, base64. */
  readonly rules: string;
}
