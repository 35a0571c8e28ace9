import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { fatesOf } from '../../src/inspect/evaluate.ts';
import { nodeFacts } from '../../src/inspect/facts.ts';
import { add, ONE } from '../../src/inspect/fraction.ts';
import { programOfSave, type Program } from '../../src/inspect/program.ts';
import { SaveError } from '../../src/inspect/save-reader.ts';
import type { Address, Family } from '../../src/net/address.ts';
import type { Packet } from '../../src/inspect/packet.ts';
import { hostileText, mangled } from './hostile.ts';
import { SAVED } from './objects.ts';
import { withstands } from './withstands.ts';

function readOrRefused(text: string, family: Family): Program | undefined {
  try {
    return programOfSave(text.split('\n'), family);
  } catch (error) {
    expect(error).toBeInstanceOf(SaveError);
    expect((error as SaveError).line).toBeGreaterThan(0);
    return undefined;
  }
}

const savedOf = (family: Family) => SAVED.filter((saved) => saved.family === family).map(({ text }) => text);

const CLUSTER_IPS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['10.96.12.12', '10.96.0.1', '192.168.77.10', '203.0.113.5'],
  ipv6: ['fd00:10:96::1212', 'fd00:77::10', '2001:db8::5'],
};

const FACTS = nodeFacts(['192.168.77.10', 'fd00:77::10'] as readonly string[] as readonly Address[]);

function packets(family: Family): fc.Arbitrary<Packet> {
  const addresses = CLUSTER_IPS[family] as readonly Address[];
  return fc.record(
    {
      family: fc.constant(family),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
      source: fc.constantFrom(...addresses),
      destination: fc.constantFrom(...addresses),
      destinationPort: fc.constantFrom(80, 443, 30_080, 0, 65_535),
      inInterface: fc.constantFrom('eth0', undefined),
      mark: fc.nat(),
      state: fc.constantFrom('NEW' as const, 'ESTABLISHED' as const, 'INVALID' as const),
    },
    { requiredKeys: ['family', 'protocol', 'source', 'destination', 'destinationPort', 'inInterface'] },
  );
}

/** Whatever the rules say, a packet has one fate or another. */
function expectFate(program: Program | undefined, packet: Packet): void {
  if (program === undefined) return;
  const total = fatesOf(program, packet, FACTS)
    .map(({ probability }) => probability)
    .reduce(add);
  expect(total).toEqual(ONE);
}

describe.each(['ipv4', 'ipv6'] as const)('the reader of saved rules, and the evaluator, %s', (family) => {
  withstands('any text', hostileText, (text) => void readOrRefused(text, family));

  withstands('any rule', hostileText, (text) => {
    readOrRefused(`*nat\n:A - [0:0]\n-A A ${text}\nCOMMIT\n`, family);
    readOrRefused(`*nat\n:A - [0:0]\n-A A -m comment --comment ${text} -j RETURN\nCOMMIT\n`, family);
  });

  withstands('damaged dumps', fc.tuple(mangled(savedOf(family)), packets(family)), ([text, packet]) => {
    expectFate(readOrRefused(text, family), packet);
  });

  const names = fc.constantFrom('PREROUTING', 'OUTPUT', 'POSTROUTING', 'A', 'B', 'C');
  const jump = fc
    .tuple(
      names,
      fc.constantFrom('', '-m statistic --mode random --probability 0.5 ', '-m mark --mark 0x1/0x1 '),
      fc.constantFrom('-j', '-g'),
      fc.constantFrom('A', 'B', 'C', 'D', 'RETURN', 'MARK --set-xmark 0x1/0x0'),
    )
    .map(([chain, match, option, target]) => `-A ${chain} ${match}${option} ${target}`);
  withstands(
    'jumps in circles and to nowhere',
    fc.tuple(fc.array(jump, { maxLength: 12 }), packets(family)),
    ([rules, packet]) => {
      const text = ['*nat', ':A - [0:0]', ':B - [0:0]', ':C - [0:0]', ...rules, 'COMMIT'].join('\n');
      expectFate(readOrRefused(text, family), packet);
    },
  );
});
