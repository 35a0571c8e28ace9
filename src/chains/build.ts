import type { Protocol } from '../model/objects.ts';
import { hostCidr, type Address, type Cidr } from '../net/address.ts';
import type { ChainName } from './names.ts';
import type { Match, Negatable, Rule, Target } from './rule.ts';

/* Short forms, with which the chains are written. */

export function only<Value>(value: Value): Negatable<Value> {
  return { not: false, value };
}

export function except<Value>(value: Value): Negatable<Value> {
  return { not: true, value };
}

export function host(address: Address): Negatable<Cidr> {
  return only(hostCidr(address));
}

export function comment(text: string): Match {
  return { kind: 'comment', text };
}

export function destinationPort(protocol: Protocol, port: number): Match {
  return { kind: 'destinationPort', protocol, port };
}

export function jump(chain: ChainName): Target {
  return { kind: 'jump', chain };
}

/** A rule that jumps, with nothing but a comment to match. */
export function commentedJump(text: string, chain: ChainName): Rule {
  return { matches: [comment(text)], target: jump(chain) };
}
