import { describe, expect, it } from 'vitest';
import { remembering, type NodeFacts } from '../../../src/inspect/facts.ts';
import { fatesOf } from '../../../src/inspect/evaluate.ts';
import type { PacketState } from '../../../src/inspect/packet.ts';
import type { Address } from '../../../src/net/address.ts';
import { pathInWords } from '../../support/fate-words.ts';
import { CLIENT, FACTS, fatesInWords, NODE, packet, POD, program, table } from './asking.ts';

const FROM_NODE = { source: NODE, inInterface: undefined };
const UNTOUCHED = { 'forward 10.0.0.1:80': 1 };

/** What the filter's FORWARD chain makes of a packet, with these rules before a policy of DROP. */
function forwarded(rules: readonly string[], fields: Parameters<typeof packet>[0] = {}, facts?: NodeFacts) {
  const lines = table('filter', ':FORWARD DROP', ...rules.filter((line) => line.startsWith(':')));
  const asked = program(...lines.slice(0, -1), ...rules.filter((line) => line.startsWith('-A')), 'COMMIT');
  return Object.keys(fatesInWords(asked, packet(fields), facts)).join(', ');
}

const PASSED = 'forward 10.0.0.1:80 accepted';
const BY_POLICY = 'dropped: -P FORWARD DROP';

describe('the way through the kernel', () => {
  const everywhere = program(
    ...['raw', 'mangle', 'nat', 'filter', 'security'].flatMap((name) =>
      table(
        name,
        ...['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'].map(
          (chain) => `-A ${chain} -m comment --comment ${name}`,
        ),
      ),
    ),
  );
  const way = (fields: Parameters<typeof packet>[0]) =>
    fatesOf(everywhere, packet(fields), FACTS)
      .flatMap(({ path }) => path.map(({ table, chain }) => `${table} ${chain}`))
      .join(', ');

  it('from outside to the node', () => {
    expect(way({ destination: NODE })).toBe(
      'raw PREROUTING, mangle PREROUTING, nat PREROUTING, mangle INPUT, filter INPUT, security INPUT, nat INPUT',
    );
  });

  it('through the node', () => {
    expect(way({})).toBe(
      'raw PREROUTING, mangle PREROUTING, nat PREROUTING, mangle FORWARD, filter FORWARD, security FORWARD, ' +
        'mangle POSTROUTING, nat POSTROUTING',
    );
  });

  it('from the node to others', () => {
    expect(way(FROM_NODE)).toBe(
      'raw OUTPUT, mangle OUTPUT, nat OUTPUT, filter OUTPUT, security OUTPUT, mangle POSTROUTING, nat POSTROUTING',
    );
  });

  it('from the node to itself, where connection tracking knows it the second time', () => {
    expect(way({ ...FROM_NODE, destination: '127.0.0.1' as Address })).toBe(
      'raw OUTPUT, mangle OUTPUT, nat OUTPUT, filter OUTPUT, security OUTPUT, mangle POSTROUTING, nat POSTROUTING, ' +
        'raw PREROUTING, mangle PREROUTING, mangle INPUT, filter INPUT, security INPUT',
    );
  });

  it.each<PacketState>(['ESTABLISHED', 'RELATED', 'INVALID'])('past the nat table, when %s', (state) => {
    expect(way({ state })).toBe(
      'raw PREROUTING, mangle PREROUTING, mangle FORWARD, filter FORWARD, security FORWARD, mangle POSTROUTING',
    );
  });

  it('without any rule changes nothing', () => {
    expect(fatesInWords(program(), packet())).toEqual(UNTOUCHED);
    expect(fatesInWords(program(), packet({ destination: NODE }))).toEqual({ 'input 192.168.77.10:80': 1 });
    expect(fatesInWords(program(), packet({ destination: '127.0.0.9' as Address }))).toEqual({
      'input 127.0.0.9:80': 1,
    });
    expect(fatesInWords(program(), packet(FROM_NODE))).toEqual({ 'output 10.0.0.1:80': 1 });
  });

  it('is of one family', () => {
    expect(() => fatesOf(program(), packet({ family: 'ipv6' }), FACTS)).toThrow(TypeError);
  });
});

describe('translated addresses', () => {
  const rules = program(
    ...table(
      'nat',
      ':TO-POD - [0:0]',
      '-A PREROUTING -d 192.168.77.10/32 -p tcp -m tcp --dport 30080 -j TO-POD',
      '-A PREROUTING -d 192.168.77.10/32 -p tcp -m tcp --dport 30081 -j DNAT --to-destination 192.168.77.10:81',
      '-A PREROUTING -d 192.168.77.10/32 -p tcp -m tcp --dport 30082 -j DNAT --to-destination 10.244.1.10',
      '-A OUTPUT -p tcp -m tcp --dport 30080 -j TO-POD',
      '-A OUTPUT -p tcp -m tcp --dport 30081 -j DNAT --to-destination 192.168.77.10:81',
      '-A TO-POD -s 10.244.1.10/32 -j MARK --set-xmark 0x4000/0x4000',
      '-A TO-POD -p tcp -m tcp -j DNAT --to-destination 10.244.1.10:8080',
      '-A TO-POD -j MARK --set-xmark 0x4000/0x4000',
      '-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE --random-fully',
      '-A POSTROUTING -o lo -p tcp -m tcp --dport 81 -j MASQUERADE',
    ),
    ...table(
      'filter',
      ':FORWARD DROP',
      ':INPUT DROP',
      '-A FORWARD -d 10.244.1.10/32 -p tcp -m tcp --dport 8080 -m conntrack --ctstate DNAT -j ACCEPT',
      '-A INPUT -p tcp -m tcp --dport 81 -m conntrack --ctstate DNAT -j ACCEPT',
      '-A OUTPUT -d 10.244.1.10/32 -j ACCEPT',
    ),
  );

  it('decide whether the packet is for the node or goes through it', () => {
    const to = { destination: NODE };
    expect(fatesInWords(rules, packet({ ...to, destinationPort: 30080 }))).toEqual({
      'forward 10.244.1.10:8080 dnat accepted': 1,
    });
    expect(fatesInWords(rules, packet({ ...to, destinationPort: 30081 }))).toEqual({
      'input 192.168.77.10:81 dnat accepted': 1,
    });
    expect(fatesInWords(rules, packet({ ...to, destinationPort: 8080 }))).toEqual({
      'dropped: -P INPUT DROP': 1,
    });
  });

  it('keep the port where DNAT names none', () => {
    const direct = program(...table('nat', '-A PREROUTING -j DNAT --to-destination 10.244.1.10'));
    expect(fatesInWords(direct, packet({ destinationPort: 30082 }))).toEqual({
      'forward 10.244.1.10:30082 dnat': 1,
    });
  });

  it('end the nat table: rules behind DNAT are not met', () => {
    const hairpin = packet({ source: POD, destination: NODE, destinationPort: 30080 });
    expect(fatesInWords(rules, hairpin)).toEqual({ 'forward 10.244.1.10:8080 dnat masqueraded accepted': 1 });
  });

  it('of what the node sends lead it out, or back in', () => {
    const to = { ...FROM_NODE, destination: '10.96.0.1' as Address };
    expect(fatesInWords(rules, packet({ ...to, destinationPort: 30080 }))).toEqual({
      'output 10.244.1.10:8080 dnat accepted': 1,
    });
    expect(fatesInWords(rules, packet({ ...to, destinationPort: 30081 }))).toEqual({
      'output 192.168.77.10:81 dnat masqueraded accepted': 1,
    });
  });

  it('are there from the start in later packets of a connection', () => {
    const reply = { destination: POD, destinationPort: 8080, state: 'ESTABLISHED' as const };
    expect(fatesInWords(rules, packet({ ...reply, dnat: true }))).toEqual({
      'forward 10.244.1.10:8080 dnat accepted': 1,
    });
    expect(fatesInWords(rules, packet(reply))).toEqual({ 'dropped: -P FORWARD DROP': 1 });
  });
});

describe('matches', () => {
  const remembered = remembering(FACTS, 'WEB', CLIENT);
  it.each<[string, Parameters<typeof packet>[0], boolean, NodeFacts?]>([
    ['-s 192.168.77.0/24', {}, true],
    ['-s 192.168.77.0/26', {}, false],
    ['! -s 192.168.77.0/26', {}, true],
    ['-s 128.0.0.0/1', {}, true],
    ['-s 0.0.0.0/0', {}, true],
    ['-s 192.168.77.100/32', {}, true],
    ['! -s 192.168.77.100/32', {}, false],
    ['-d 10.0.0.0/31', {}, true],
    ['-d 10.0.0.2/31', {}, false],
    ['-i eth0', {}, true],
    ['-i eth', {}, false],
    ['-i eth+', {}, true],
    ['! -i cali+', {}, true],
    ['! -i eth+', {}, false],
    ['-i +', {}, true],
    ['! -i +', {}, false],
    ['-p udp', {}, false],
    ['-p udp', { protocol: 'udp' }, true],
    ['! -p tcp', {}, false],
    ['! -p udp', {}, true],
    ['-p icmp', {}, false],
    ['! -p icmp', {}, true],
    ['-p tcp -m tcp --dport 80', {}, true],
    ['-p tcp -m tcp --dport 81', {}, false],
    ['-p udp -m udp --dport 80', {}, false],
    ['-p tcp -m tcp ! --dport 80', {}, false],
    ['-p tcp -m tcp --dport 80:90', {}, true],
    ['-p tcp -m tcp --dport 70:79', {}, false],
    ['-p tcp -m tcp --dport 81:90', {}, false],
    ['-p tcp -m tcp --sport 4000', { sourcePort: 4000 }, true],
    ['-p tcp -m tcp ! --sport 4000:5000', { sourcePort: 4500 }, false],
    ['-p tcp -m multiport --dports 22,80:81', {}, true],
    ['-p tcp -m multiport --dports 22', {}, false],
    ['-p tcp -m multiport ! --dports 22,80:81', {}, false],
    ['-p tcp -m multiport --ports 4000', { sourcePort: 4000 }, true],
    ['-p tcp -m multiport --ports 80', {}, true],
    ['-m conntrack --ctstate NEW', {}, true],
    ['-m conntrack ! --ctstate NEW', {}, false],
    ['-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT', {}, true],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', { state: 'ESTABLISHED' }, true],
    ['-m conntrack --ctstate INVALID', { state: 'INVALID' }, true],
    ['-m conntrack ! --ctstate NEW', { state: 'INVALID' }, true],
    ['-m mark --mark 0x4000/0x4000', { mark: 0x4001 }, true],
    ['-m mark --mark 0x4000/0x4000', { mark: 0x1 }, false],
    ['-m mark ! --mark 0x4000/0x4000', {}, true],
    ['-m mark --mark 0x80000000/0x80000000', { mark: 0x80000001 }, true],
    ['-m mark --mark 0x1/0xff', { mark: 0x101 }, true],
    ['-m mark --mark 0x80000000/0xf0000000', { mark: 0x8000_0001 }, true],
    ['-m mark ! --mark 0x1', { mark: 0x101 }, true],
    ['-m addrtype --src-type LOCAL', {}, false],
    ['-m addrtype --src-type LOCAL', { source: NODE }, true],
    ['-m addrtype ! --src-type LOCAL', {}, true],
    ['-m addrtype --dst-type LOCAL', {}, false],
    ['-m physdev --physdev-is-in', {}, false],
    ['-m physdev --physdev-is-in', { bridgePort: 'veth1' }, true],
    ['-m physdev ! --physdev-is-in', {}, true],
    ['-m recent --rcheck --seconds 60 --reap --name WEB --mask 255.255.255.255 --rsource', {}, false],
    ['-m recent --rcheck --seconds 60 --reap --name WEB --rsource', {}, true, remembered],
    ['-m recent --rcheck --name OTHER --rsource', {}, false, remembered],
    ['-m recent --rcheck --name WEB --rsource', { source: POD }, false, remembered],
    ['-m recent ! --rcheck --name WEB --rsource', {}, false, remembered],
    ['-m nfacct --nfacct-name x', {}, true],
    ['-f', {}, false],
    ['-m statistic --mode random --probability 1.00000000000', {}, true],
    ['-m statistic --mode random --probability 0.00000000000', {}, false],
    ['-m comment --comment "one -j DROP two"', {}, true],
  ])('%s asked of %o: %s', (words, fields, matches, facts) => {
    expect(forwarded([`-A FORWARD ${words} -j ACCEPT`], fields, facts)).toBe(matches ? PASSED : BY_POLICY);
  });

  it('ask for interfaces that packets from the node and to it do not have', () => {
    const rules = program(
      ...table(
        'nat',
        ':A -',
        '-A OUTPUT -j A',
        '-A PREROUTING -j A',
        '-A A ! -i cali+ -j MARK --set-xmark 0x1/0x1',
      ),
      ...table('filter', '-A OUTPUT -m mark --mark 0x1/0x1 -j DROP', '-A INPUT -o + -j DROP'),
    );
    expect(fatesInWords(rules, packet(FROM_NODE))).toEqual({
      'dropped: -A OUTPUT -m mark --mark 0x1/0x1 -j DROP': 1,
    });
    expect(fatesInWords(rules, packet({ destination: NODE }))).toEqual({
      'dropped: -A INPUT -o + -j DROP': 1,
    });
  });

  it('know the outgoing interface where the facts do', () => {
    const rules = ['-A FORWARD -o cni0 -j ACCEPT'];
    const facts = { ...FACTS, outInterface: () => 'cni0' };
    expect(forwarded(rules, {}, facts)).toBe(PASSED);
    expect(forwarded(rules)).toBe('unknown -o cni0: -A FORWARD -o cni0 -j ACCEPT');
  });
});

describe('chains', () => {
  it('return to the rule behind the jump, and those gone to, one further up', () => {
    const chains = [':A -', ':B -', '-A FORWARD -j A', '-A FORWARD -m mark --mark 0x1/0x1 -j ACCEPT'];
    const marking = '-A B -j MARK --set-xmark 0x1/0x1';
    expect(forwarded([...chains, marking, '-A A -j B', '-A A -j DROP'])).toBe('dropped: -A A -j DROP');
    expect(forwarded([...chains, marking, '-A A -g B', '-A A -j DROP'])).toBe(PASSED);
    expect(forwarded([...chains, '-A B -j RETURN', marking, '-A A -g B'])).toBe(BY_POLICY);
  });

  it('of the kernel’s own leave it to the policy where they return', () => {
    expect(forwarded(['-A FORWARD -j RETURN', '-A FORWARD -j ACCEPT'])).toBe(BY_POLICY);
    expect(forwarded([':A -', '-A A -j ACCEPT', '-A FORWARD -g A'])).toBe(PASSED);
  });

  it('change single bits of the mark', () => {
    const changed = (change: string, mark: number) =>
      forwarded([`-A FORWARD -j MARK --set-xmark ${change}`, '-A FORWARD -m mark --mark 0x5 -j ACCEPT'], {
        mark,
      });
    expect(changed('0x4/0x4', 0x1)).toBe(PASSED);
    expect(changed('0x4/0x0', 0x1)).toBe(PASSED);
    expect(changed('0x2/0x0', 0x7)).toBe(PASSED);
    expect(changed('0x5/0xff', 0xf2)).toBe(PASSED);
    expect(changed('0x5/0x1', 0x5)).toBe(BY_POLICY);
    expect(changed('0x5/0xffffffff', 0x8000_0000)).toBe(PASSED);
    expect(changed('0x4/0x4', 0x8000_0001)).toBe(BY_POLICY);
  });

  it('see what was remembered on the way', () => {
    const remember = '-A FORWARD -p tcp -m recent --set --name WEB --rsource';
    const seen = '-A FORWARD -m recent --rcheck --name WEB --rsource -j ACCEPT';
    expect(forwarded([remember, seen])).toBe(PASSED);
    expect(forwarded([remember, seen], { protocol: 'udp' })).toBe(BY_POLICY);
    expect(forwarded(['-A FORWARD -m recent --set --name WEB -m mark --mark 0x1', seen])).toBe(PASSED);
    expect(forwarded(['-A FORWARD -m mark --mark 0x1 -m recent --set --name WEB', seen])).toBe(BY_POLICY);
  });

  it('tell which rule refused, and the way there', () => {
    const rules = program(...table('filter', ':A -', '-A INPUT -j A', '-A A -j LOG', '-A A -j REJECT'));
    const [fate] = fatesOf(rules, packet({ destination: NODE }), FACTS);
    expect(fate?.outcome).toEqual({ kind: 'rejected', by: { table: 'filter', chain: 'A', rule: 2 } });
    expect(fate && pathInWords(fate, rules)).toEqual(['-A INPUT -j A', '-A A -j LOG', '-A A -j REJECT']);
    const withReset = program(...table('filter', '-A FORWARD -p tcp -j REJECT --reject-with tcp-reset'));
    expect(fatesInWords(withReset, packet())).toEqual({
      'rejected: -A FORWARD -p tcp -j REJECT --reject-with tcp-reset': 1,
    });
  });
});

describe('what is not modelled', () => {
  it.each([
    ['-m set --match-set web src -j ACCEPT', '-m set --match-set web src'],
    [
      '-m statistic --mode nth --every 2 --packet 0 -j ACCEPT',
      '-m statistic --mode nth --every 2 --packet 0',
    ],
    ['-p tcp -m tcp --sport 4000 -j ACCEPT', 'the source port'],
    ['-j NFQUEUE --queue-num 0', '-j NFQUEUE --queue-num 0'],
    ['-j NOWHERE', 'a jump to NOWHERE, which is not there'],
    ['-g NOWHERE', 'a jump to NOWHERE, which is not there'],
    ['-m set --match-set web src -m recent --set --name WEB', '-m set --match-set web src'],
  ])('is named: %s', (words, part) => {
    expect(forwarded([`-A FORWARD ${words}`])).toBe(`unknown ${part}: -A FORWARD ${words}`);
  });

  it.each([
    '-p udp -m set --match-set web src -j ACCEPT',
    '-m set --match-set web src -m mark --mark 0x1 -j ACCEPT',
    '-m set --match-set web src',
    '-m limit --limit 1/sec -j LOG --log-prefix "no: "',
    '-s 10.0.0.0/255.0.0.255 -d 10.9.9.9/32 -j ACCEPT',
    '-p icmp -m icmp --icmp-type 8 -j ACCEPT',
  ])('is no matter where it changes nothing: %s', (words) => {
    expect(forwarded([`-A FORWARD ${words}`])).toBe(BY_POLICY);
  });

  it('takes its share only', () => {
    const rules = program(
      ...table(
        'filter',
        '-A FORWARD -m set --match-set web src -m statistic --mode random --probability 0.25 -j DROP',
      ),
    );
    const fates = fatesInWords(rules, packet());
    expect(Object.values(fates)).toEqual([0.75, 0.25]);
  });

  it('includes the source that masquerading has chosen', () => {
    const rules = (filter: string) =>
      program(
        ...table('nat', '-A POSTROUTING -j MASQUERADE'),
        ...table('filter', `-A INPUT ${filter} -j DROP`),
      );
    const toItself = packet({ ...FROM_NODE, destination: NODE });
    expect(Object.keys(fatesInWords(rules('-s 192.168.77.10/32'), toItself))[0]).toContain('unknown');
    for (const other of ['-d 10.0.0.1/32', '-i eth9', '-o eth9']) {
      expect(Object.keys(fatesInWords(rules(`-s 192.168.77.10/32 ${other}`), toItself))).toEqual([
        'output 192.168.77.10:80 masqueraded',
      ]);
    }
    expect(Object.keys(fatesInWords(rules('-m addrtype --src-type LOCAL'), toItself))[0]).toContain(
      'dropped',
    );
  });

  it('includes loops, which the kernel refuses', () => {
    expect(forwarded([':A -', ':B -', '-A FORWARD -j A', '-A A -j B', '-A B -j A'])).toBe(
      'unknown a loop through A: -A B -j A',
    );
  });
});

describe('chances', () => {
  const dealt = (count: number) => [
    ...Array.from({ length: count }, (_, index) => {
      const chance =
        count - index === 1
          ? ''
          : ` -m statistic --mode random --probability ${(1 / (count - index)).toFixed(11)}`;
      return `-A PREROUTING -p tcp${chance} -j DNAT --to-destination 10.0.${index >> 8}.${index & 255}:80`;
    }),
  ];

  it('deal a thousand endpoints equal shares', () => {
    const shares = Object.values(fatesInWords(program(...table('nat', ...dealt(1_000))), packet()));
    expect(shares).toHaveLength(1_000);
    for (const share of shares) expect(Math.abs(share - 1 / 1_000)).toBeLessThan(1e-9);
  });

  it('do not multiply ways that come together again', () => {
    const halves = Array.from({ length: 200 }, (_, index) => [
      `-A FORWARD -m statistic --mode random --probability 0.5 -j A`,
      `-A A -p tcp -m statistic --mode random --probability 0.5 -m comment --comment ${index} -j RETURN`,
    ]).flat();
    const rules = program(...table('filter', ':A -', ...halves));
    expect(fatesInWords(rules, packet())).toEqual(UNTOUCHED);
    expect(fatesOf(rules, packet(), FACTS)).toHaveLength(1);
  });

  it('are shared between equal outcomes', () => {
    const rules = program(
      ...table(
        'nat',
        '-A PREROUTING -m statistic --mode random --probability 0.25 -j DNAT --to-destination 10.244.1.10:80',
        '-A PREROUTING -m statistic --mode random --probability 0.5 -j ACCEPT',
        '-A PREROUTING -j DNAT --to-destination 10.244.1.10:80',
      ),
    );
    expect(fatesInWords(rules, packet())).toEqual({
      'forward 10.244.1.10:80 dnat': 0.625,
      'forward 10.0.0.1:80': 0.375,
    });
  });

  it('that come before remembering decide who is remembered', () => {
    const half = '-m statistic --mode random --probability 0.5';
    const remember = '-m recent --set --name WEB --rsource';
    const shares = (words: string) => {
      const seen = '-A FORWARD -m recent --rcheck --name WEB --rsource -j DROP';
      return Object.values(fatesInWords(program(...table('filter', `-A FORWARD ${words}`, seen)), packet()));
    };
    expect(shares(`${half} ${remember}`)).toEqual([0.5, 0.5]);
    expect(shares(`${remember} ${half}`)).toEqual([1]);
  });

  it('that mark packets keep them apart until nothing asks for the mark', () => {
    const rules = program(
      ...table(
        'filter',
        '-A FORWARD -m mark --mark 0x1/0x1 -m statistic --mode random --probability 0.5 -j DROP',
      ),
      ...table(
        'nat',
        '-A PREROUTING -m statistic --mode random --probability 0.5 -j MARK --set-xmark 0x1/0x1',
      ),
    );
    expect(Object.values(fatesInWords(rules, packet())).sort()).toEqual([0.25, 0.75]);
  });
});
