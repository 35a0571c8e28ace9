import fc from 'fast-check';
import type { ChainName } from '../../../src/chains/names.ts';
import type { Chance, ConnectionState, Match, Negatable, Rule, Target } from '../../../src/chains/rule.ts';
import type { Protocol } from '../../../src/model/objects.ts';
import { fromBigInt, parseCidr, type Address, type Cidr, type Family } from '../../../src/net/address.ts';

/* Rules of every kind that ours can be, whether or not they make sense together. */

const PROTOCOLS: readonly Protocol[] = ['tcp', 'udp', 'sctp'];
const protocol = fc.constantFrom(...PROTOCOLS);
const port = fc.integer({ min: 1, max: 65_535 });
const mark = fc.integer({ min: 0, max: 31 }).map((bit) => 2 ** bit);
const chain = fc.stringMatching(/^KUBE-[A-Z]{3}-[A-Z2-7]{16}$/).map((name) => name as ChainName);
const STATES: readonly ConnectionState[] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'DNAT'];

function address(family: Family): fc.Arbitrary<Address> {
  // IPv4-mapped IPv6 addresses are IPv4's, so the highest bit is set.
  const bits = family === 'ipv4' ? 32n : 128n;
  return fc
    .bigInt({ min: 1n << (bits - 1n), max: (1n << bits) - 1n })
    .map((value) => fromBigInt(family, value));
}

function cidr(family: Family): fc.Arbitrary<Cidr> {
  const length = fc.integer({ min: 1, max: family === 'ipv4' ? 32 : 128 });
  return fc
    .tuple(address(family), length)
    .map(([host, bits]) => parseCidr(`${host}/${bits}`) ?? ('' as Cidr));
}

function negatable<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Negatable<Value>> {
  return fc.record({ not: fc.boolean(), value });
}

function match(family: Family): fc.Arbitrary<Match> {
  return fc.oneof(
    fc.record({
      kind: fc.constant('comment' as const),
      text: fc.stringMatching(/^[\w ./:;>[\]()-]{1,255}$/),
    }),
    fc.record({ kind: fc.constant('protocol' as const), protocol }),
    fc.record({ kind: fc.constant('destinationPort' as const), protocol, port }),
    fc
      .record({ protocol, ports: fc.uniqueArray(port, { minLength: 2, maxLength: 2 }) })
      .map(({ protocol, ports: [one = 0, other = 0] }) => ({
        kind: 'destinationPorts' as const,
        protocol,
        first: Math.min(one, other),
        last: Math.max(one, other),
      })),
    fc.record({
      kind: fc.constant('connectionState' as const),
      not: fc.boolean(),
      states: fc.subarray([...STATES], { minLength: 1 }),
    }),
    fc.record({ kind: fc.constant('mark' as const), not: fc.boolean(), mark }),
    fc.record({
      kind: fc.constant('localAddress' as const),
      side: fc.constantFrom('source' as const, 'destination' as const),
    }),
    fc.record({
      kind: fc.constant('chance' as const),
      chance: fc.integer({ min: 1, max: 2 ** 31 }).map((value) => value as Chance),
    }),
    fc.record({
      kind: fc.constant('recentlySeen' as const),
      list: chain,
      seconds: fc.integer({ min: 1, max: 86_400 }),
      family: fc.constant(family),
    }),
    fc.record({ kind: fc.constant('rememberSource' as const), list: chain, family: fc.constant(family) }),
  );
}

function target(family: Family): fc.Arbitrary<Target> {
  return fc.oneof(
    fc.record({ kind: fc.constant('jump' as const), chain }),
    fc.constantFrom<Target>(
      { kind: 'accept' },
      { kind: 'drop' },
      { kind: 'return' },
      { kind: 'masquerade' },
      { kind: 'reject', family },
    ),
    fc.record({ kind: fc.constantFrom('setMark' as const, 'flipMark' as const), mark }),
    fc.record({ kind: fc.constant('dnat' as const), address: address(family), port }),
  );
}

export function randomRule(family: Family): fc.Arbitrary<Rule> {
  return fc.record(
    {
      source: negatable(cidr(family)),
      destination: negatable(cidr(family)),
      inInterface: negatable(fc.stringMatching(/^[a-z]{1,8}\d?\+?$/)),
      protocol,
      matches: fc.array(match(family), { maxLength: 4 }),
      target: target(family),
    },
    { requiredKeys: ['matches'] },
  );
}
