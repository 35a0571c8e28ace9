import type { Address } from '../../net/address.ts';
import type { Claim } from './claims.ts';

/**
 * One thing that must become of a packet, and how often. Without claims of two services to one address
 * there is one way for all of it, or one for each endpoint with equal shares.
 */
export type ExpectedFate =
  ExpectedDelivery | { readonly kind: 'refused' | 'dropped'; readonly share: number };

export interface ExpectedDelivery {
  readonly kind: 'delivered';
  /** Of 1. */
  readonly share: number;
  /** Where it goes: the packet's own destination unless it is dealt to an endpoint. */
  readonly address: Address;
  readonly port: number;
  readonly dnat: boolean;
  /** Its source becomes the node's address. */
  readonly masqueraded: boolean;
  /** A rule lets it in or through, even where the chain's policy would drop it. */
  readonly accepted: boolean;
}

/** All that must become of a packet. */
export interface Expectation {
  readonly fates: readonly ExpectedFate[];
  /** The claim by which it comes about; undefined where no service has to do with it. */
  readonly by: Claim | undefined;
}
