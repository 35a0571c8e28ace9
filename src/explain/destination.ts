import type { Claim } from '../inspect/check/claims.ts';
import { answersNodePorts } from '../inspect/check/oracle.ts';
import type { Protocol } from '../model/objects.ts';
import type { Address } from '../net/address.ts';
import type { Situation } from './situation.ts';

/** Where a packet is sent to. */
export interface Destination {
  readonly protocol: Protocol;
  readonly address: Address;
  readonly port: number;
}

/**
 * By whom it is taken, according to the cluster. An address of a service comes before the node ports of the
 * node that may have it.
 */
export function claimsFor({ protocol, address, port }: Destination, situation: Situation): readonly Claim[] {
  const { wanted, view, facts } = situation;
  if (wanted === undefined) return [];
  const atAddress = wanted.claims.atAddress(protocol, address, port);
  if (atAddress.length > 0 || !answersNodePorts(view, address, facts)) return atAddress;
  return wanted.claims.atNodePort(protocol, port);
}
