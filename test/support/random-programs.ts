import fc from 'fast-check';
import type { Packet } from '../../src/inspect/packet.ts';
import type { Address } from '../../src/net/address.ts';

/* Small rulesets, and packets that meet their rules: few addresses, ports and marks. */

export const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.3',
  '10.0.1.1',
] as readonly string[] as readonly Address[];
const PORTS = [80, 81, 90];
const CHAINS = ['A', 'B', 'C', 'D'];

const address = fc.constantFrom(...ADDRESSES);
const not = fc.boolean().map((negated) => (negated ? '! ' : ''));

const header = fc.oneof(
  { arbitrary: fc.constant(''), weight: 3 },
  fc.tuple(not, address).map(([negated, host]) => `${negated}-d ${host}/32 `),
  fc
    .tuple(not, fc.constantFrom('10.0.0.0/30', '10.0.0.2/31'))
    .map(([negated, net]) => `${negated}-d ${net} `),
  fc.tuple(not, address).map(([negated, host]) => `${negated}-s ${host}/32 `),
);
const port = fc.oneof(
  { arbitrary: fc.constant(''), weight: 3 },
  fc
    .tuple(fc.constantFrom('tcp', 'udp'), fc.constantFrom(...PORTS))
    .map(([name, port]) => `-p ${name} -m ${name} --dport ${port} `),
  fc.constantFrom('-p tcp ', '-p udp -m udp --dport 80:85 ', '-p tcp -m tcp ! --dport 80 '),
);
const question = fc.oneof(
  { arbitrary: fc.constant(''), weight: 4 },
  fc
    .tuple(not, fc.constantFrom('0x1/0x1', '0x2/0x2', '0x0/0x3'))
    .map(([negated, mark]) => `-m mark ${negated}--mark ${mark} `),
  fc.constantFrom('-m recent --set --name L --rsource ', '-m recent --rcheck --name L --rsource '),
);
const chance = fc.oneof(
  { arbitrary: fc.constant(''), weight: 3 },
  fc.constantFrom(0.25, 0.5, 0.75).map((value) => `-m statistic --mode random --probability ${value} `),
);
const end = fc
  .oneof(
    { arbitrary: fc.constantFrom('ACCEPT', 'DROP', 'REJECT'), weight: 2 },
    {
      arbitrary: fc.constantFrom('RETURN', 'MARK --set-xmark 0x1/0x1', 'MARK --set-xmark 0x2/0x0'),
      weight: 3,
    },
  )
  .map((name) => `-j ${name}`);

/** A chain's rules lead to later chains only. */
function rule(chain: string): fc.Arbitrary<string> {
  const later = CHAINS.filter((name) => chain === 'INPUT' || name > chain);
  const jumps = later.flatMap((name) => [`-j ${name}`, `-g ${name}`]);
  const target = jumps.length === 0 ? end : fc.oneof(end, fc.constantFrom(...jumps));
  return fc
    .tuple(header, port, question, chance, fc.oneof({ arbitrary: target, weight: 9 }, fc.constant('')))
    .map((parts) => `-A ${chain} ${parts.join('')}`.trimEnd());
}

/** @param inputRules how many INPUT has at least, and up to five more */
export function filterTable(inputRules: number): fc.Arbitrary<readonly string[]> {
  return fc
    .tuple(
      fc.constantFrom('ACCEPT', 'DROP'),
      fc.array(rule('INPUT'), { minLength: inputRules, maxLength: inputRules + 5 }),
      ...CHAINS.map((chain) => fc.array(rule(chain), { maxLength: 5 })),
    )
    .map(([policy, ...rules]) => [
      '*filter',
      `:INPUT ${policy}`,
      ...CHAINS.map((chain) => `:${chain} -`),
      ...rules.flat(),
      'COMMIT',
    ]);
}

export const incoming: fc.Arbitrary<Packet> = fc.record({
  family: fc.constant('ipv4' as const),
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  source: address,
  destination: address,
  destinationPort: fc.constantFrom(...PORTS),
  inInterface: fc.constant('eth0'),
  mark: fc.integer({ min: 0, max: 3 }),
});
