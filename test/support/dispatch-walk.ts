import { isTreeChain } from '../../src/chains/names.ts';
import type { Chain, Match, Rule } from '../../src/chains/rule.ts';
import { addressBits, familyOf, networkAddress, prefixLengthOf, toBigInt } from '../../src/net/address.ts';
import type { Destination } from './dispatch-sets.ts';

/** Chains by name, ready to lead many packets through. */
export type Chains = ReadonlyMap<string, readonly WalkedRule[]>;

export interface WalkedRule {
  readonly rule: Rule;
  /** Destination addresses shifted right by `hostBits` are this; undefined where the rule asks for none. */
  readonly network: bigint | undefined;
  readonly hostBits: bigint;
  /** A jump's chain, or the kind of the target. */
  readonly target: string;
  /** The target is a chain of a dispatch tree. */
  readonly leadsOn: boolean;
}

export function chainMap(chains: Iterable<Chain>): Chains {
  return new Map(Array.from(chains, ({ name, rules }) => [name, Array.from(rules, walkedRule)]));
}

function walkedRule(rule: Rule): WalkedRule {
  const network = rule.destination?.value;
  const hostBits = network === undefined ? 0 : addressBits(familyOf(network)) - prefixLengthOf(network);
  const target = rule.target?.kind === 'jump' ? rule.target.chain : (rule.target?.kind ?? '');
  return {
    rule,
    network: network === undefined ? undefined : toBigInt(networkAddress(network)) >> BigInt(hostBits),
    hostBits: BigInt(hostBits),
    target,
    leadsOn: isTreeChain(target),
  };
}

export interface Visit {
  /** Targets outside of the tree, in the order in which a packet meets them. */
  readonly found: readonly string[];
  /** Chains of the tree below the root that were entered, one inside the other, at most. */
  readonly depth: number;
  /** Rules that the packet was held against. */
  readonly rules: number;
}

/** Leads a packet through a dispatch chain, as if nothing that it leads to ever decided. */
export function visit(chains: Chains, root: string, packet: Destination): Visit {
  const address = packet.address === undefined ? undefined : toBigInt(packet.address);
  const found: string[] = [];
  let deepest = 0;
  let count = 0;
  const enter = (name: string, depth: number): void => {
    deepest = Math.max(deepest, depth);
    const rules = chains.get(name);
    if (rules === undefined) throw new Error(`no chain ${name}`);
    for (const walked of rules) {
      count += 1;
      if (!isMet(walked, packet, address)) continue;
      if (walked.leadsOn) enter(walked.target, depth + 1);
      else found.push(walked.target);
    }
  };
  enter(root, 0);
  return { found, depth: deepest, rules: count };
}

function isMet(
  { rule, network, hostBits }: WalkedRule,
  packet: Destination,
  address: bigint | undefined,
): boolean {
  if (network !== undefined && (address === undefined || address >> hostBits !== network)) return false;
  if (rule.protocol !== undefined && rule.protocol !== packet.protocol) return false;
  return rule.matches.every((match) => isMatchMet(match, packet));
}

function isMatchMet(match: Match, { protocol, port }: Destination): boolean {
  if (match.kind === 'comment') return true;
  if (match.kind === 'destinationPort') return match.protocol === protocol && match.port === port;
  if (match.kind !== 'destinationPorts') return false;
  return match.protocol === protocol && match.first <= port && port <= match.last;
}
