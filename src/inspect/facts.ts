import { isLoopback, type Address } from '../net/address.ts';

/** What rules ask about the node and its past, besides the packet itself. */
export interface NodeFacts {
  /** The addresses of the node's interfaces; 127.0.0.0/8 and ::1 are local whether named here or not. */
  readonly localAddresses: ReadonlySet<Address>;
  /**
   * Who is remembered in which list of `-m recent`, by the list's name. Time has no part here: who is
   * in was seen lately enough. Nobody without it.
   */
  readonly remembered?: ReadonlyMap<string, ReadonlySet<Address>>;
  /**
   * By which interface the node sends to an address that is not its own. Without it, or where it gives
   * undefined, rules that ask for the outgoing interface have an unknown answer.
   */
  readonly outInterface?: (destination: Address) => string | undefined;
}

/** A node with these addresses, and nobody remembered. */
export function nodeFacts(localAddresses: Iterable<Address>): NodeFacts {
  return { localAddresses: new Set(localAddresses) };
}

/** The same node once a source was remembered in a list. */
export function remembering(facts: NodeFacts, list: string, source: Address): NodeFacts {
  const remembered = new Map(facts.remembered);
  remembered.set(list, new Set([...(remembered.get(list) ?? []), source]));
  return { ...facts, remembered };
}

/** The answer of `-m addrtype` for LOCAL, and of the routing decision: INPUT or FORWARD. */
export function isLocal({ localAddresses }: NodeFacts, address: Address): boolean {
  return localAddresses.has(address) || isLoopback(address);
}
