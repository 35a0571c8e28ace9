import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChainName } from '../../../src/chains/names.ts';
import type { Rule, Ruleset } from '../../../src/chains/rule.ts';
import { ruleText } from '../../../src/chains/text.ts';
import type { InspectedMatch, InspectedTarget, Question } from '../../../src/inspect/inspected-rule.ts';
import { readRule } from '../../../src/inspect/read-rule.ts';
import { FAMILIES, type Address } from '../../../src/net/address.ts';
import { casesIn, loadCase, RANDOM_CLUSTERS, RULE_BOOK, rulesetOfCase } from '../../support/cases.ts';
import { randomRule } from './random-rules.ts';

describe('rules that are printed and read are the same', () => {
  it.each([RULE_BOOK, RANDOM_CLUSTERS])('all rules of the captured cases in %s', (directory) => {
    let count = 0;
    for (const folder of casesIn(directory)) {
      for (const family of FAMILIES) {
        for (const rule of rulesOf(rulesetOfCase(loadCase(folder), family))) {
          const text = ruleText(rule);
          expect(readRule(text, family), text).toEqual(rule);
          count += 1;
        }
      }
    }
    expect(count).toBeGreaterThan(5_000);
  });

  it.each(FAMILIES)('random ones, %s', (family) => {
    fc.assert(
      fc.property(randomRule(family), (rule) => {
        expect(readRule(ruleText(rule), family)).toEqual(rule);
      }),
      { numRuns: 2_000 },
    );
  });
});

function* rulesOf({ tables }: Ruleset): Iterable<Rule> {
  for (const { jumps, chains } of tables) {
    for (const { rule } of jumps) yield rule;
    for (const { rules } of chains()) yield* rules;
  }
}

function matchesOf(text: string): readonly InspectedMatch[] {
  return readRule(text, 'ipv4').matches;
}

function targetOf(text: string): InspectedTarget | undefined {
  return readRule(text, 'ipv4').target;
}

describe('words', () => {
  it.each([
    ['a plain word', '--comment web', 'web'],
    ['quotes', '--comment "cluster IP"', 'cluster IP'],
    ['escaped quotes and backslashes', String.raw`--comment "say \"no\" \\ now"`, String.raw`say "no" \ now`],
    ['what looks like options', '--comment "-j DROP ! -m tcp"', '-j DROP ! -m tcp'],
    ['an option for a comment', '--comment "-j"', '-j'],
    ['a comment that starts like an option and needs no quotes', '--comment -web', '-web'],
    ['a single negation', '--comment "!"', '!'],
    ['nothing', '--comment ""', ''],
  ])('of a comment: %s', (_, words, text) => {
    const { matches, target } = readRule(`-p tcp -m comment ${words} -m tcp --dport 80 -j ACCEPT`, 'ipv4');
    expect(matches).toEqual([
      { kind: 'comment', text },
      { kind: 'destinationPort', protocol: 'tcp', port: 80 },
    ]);
    expect(target).toEqual({ kind: 'accept' });
  });

  it('in the order in which people and kube-proxy write them mean the same as in that of iptables-save', () => {
    const saved =
      '-d 10.96.0.1/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j DROP';
    const written = [
      '-m comment --comment "default/web cluster IP" -m tcp -p tcp -d 10.96.0.1 --dport 80 -j DROP',
      '-m comment --comment "default/web cluster IP" -p 6 -m tcp --dport 80 -d 10.96.0.1/255.255.255.255 -j DROP',
    ];
    for (const text of written) expect(readRule(text, 'ipv4'), text).toEqual(readRule(saved, 'ipv4'));
    expect(readRule('-p udp --dport 53', 'ipv4')).toEqual(readRule('-p udp -m udp --dport 53', 'ipv4'));
  });
});

describe('matches of others', () => {
  const except = (match: Question): InspectedMatch => ({ kind: 'except', match });
  it.each<[string, readonly InspectedMatch[]]>([
    ['-p tcp -m tcp ! --dport 80', [except({ kind: 'destinationPort', protocol: 'tcp', port: 80 })]],
    ['-p tcp -m tcp --dport :1024', [{ kind: 'destinationPorts', protocol: 'tcp', first: 0, last: 1024 }]],
    [
      '-p tcp -m tcp --sport 1024: --dport 80',
      [
        { kind: 'ports', protocol: 'tcp', side: 'source', ranges: [{ first: 1024, last: 65_535 }] },
        { kind: 'destinationPort', protocol: 'tcp', port: 80 },
      ],
    ],
    [
      '-p udp -m multiport --dports 53,5353,30000:32767',
      [
        {
          kind: 'ports',
          protocol: 'udp',
          side: 'destination',
          ranges: [
            { first: 53, last: 53 },
            { first: 5353, last: 5353 },
            { first: 30_000, last: 32_767 },
          ],
        },
      ],
    ],
    ['-m addrtype ! --dst-type LOCAL', [except({ kind: 'localAddress', side: 'destination' })]],
    [
      '-m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL',
      [except({ kind: 'bridged' }), except({ kind: 'localAddress', side: 'source' })],
    ],
    ['-m mark --mark 0x1/0xff', [{ kind: 'maskedMark', value: 1, mask: 255 }]],
    ['-m mark ! --mark 0x10', [except({ kind: 'maskedMark', value: 16, mask: 0xffffffff })]],
    ['-m state --state RELATED,ESTABLISHED', matchesOf('-m conntrack --ctstate RELATED,ESTABLISHED')],
    [
      '-m statistic --mode random ! --probability 0.25000000000',
      matchesOf('-m statistic --mode random --probability 0.75'),
    ],
    ['! -p tcp', [except({ kind: 'protocol', protocol: 'tcp' })]],
    [
      '-p icmp -m icmp --icmp-type 8',
      [
        { kind: 'otherProtocol', name: 'icmp' },
        { kind: 'unknown', text: '-m icmp --icmp-type 8' },
      ],
    ],
    ['! -f', [{ kind: 'always', text: '! -f' }]],
    [
      '-m nfacct --nfacct-name  localhost_nps',
      [{ kind: 'always', text: '-m nfacct --nfacct-name localhost_nps' }],
    ],
  ])('%s', (text, matches) => expect(matchesOf(text)).toEqual(matches));

  it.each([
    '-m set --match-set KUBE-CLUSTER-IP dst,dst',
    '-m limit --limit 5/min',
    '-m string --string "-j" --algo bm',
    '-m statistic --mode nth --every 2 --packet 0',
    '-m conntrack ! --ctstate SNAT',
    '-m conntrack --ctorigdstport 80',
    '-m addrtype --dst-type MULTICAST',
    '-m recent --update --name SSH --mask 255.255.255.255 --rsource',
    '-m recent --rcheck --name SSH --mask 255.255.255.0 --rsource',
    '-m recent --rcheck --hitcount 4 --name SSH --rsource',
    '-m recent --rcheck --name SSH --rdest',
    '-m recent --rcheck --seconds ten --name SSH --rsource',
    '-m mark --mark 4294967296',
    '-m mark --mark 0x1/4294967296',
    '-m physdev --physdev-in eth0',
  ])('not modelled, kept as it is: %s', (text) => {
    expect(readRule(`${text} -j DROP`, 'ipv4')).toEqual({
      matches: [{ kind: 'unknown', text }],
      target: { kind: 'drop' },
    });
  });

  it('keeps what it knows beside what it does not', () => {
    expect(matchesOf('-p tcp -m tcp --dport 80 --tcp-flags SYN,RST SYN')).toEqual([
      { kind: 'destinationPort', protocol: 'tcp', port: 80 },
      { kind: 'unknown', text: '-m tcp --tcp-flags SYN,RST SYN' },
    ]);
    expect(matchesOf('-s 10.0.0.0/255.0.0.255')).toEqual([
      { kind: 'unknown', text: '-s 10.0.0.0/255.0.0.255' },
    ]);
  });
});

describe('targets of others', () => {
  it.each<[string, InspectedTarget]>([
    ['-g CNI-CHAIN', { kind: 'goto', chain: 'CNI-CHAIN' }],
    ['-j DOCKER-USER', { kind: 'jump', chain: 'DOCKER-USER' as ChainName }],
    ['-j REJECT', { kind: 'reject', family: 'ipv4' }],
    ['-j REJECT --reject-with tcp-reset', { kind: 'rejectWith', answer: 'tcp-reset' }],
    ['-j MARK --set-xmark 0x1/0xff', { kind: 'maskedMark', value: 1, mask: 255 }],
    ['-j MARK --set-xmark 0x10/0x10', { kind: 'setMark', mark: 16 }],
    ['-j MARK --set-tos 0x1', { kind: 'unknown', text: '-j MARK --set-tos 0x1' }],
    ['-j MASQUERADE', { kind: 'masquerade' }],
    ['-j LOG --log-prefix "say -j DROP "', { kind: 'noEffect', text: '-j LOG --log-prefix "say -j DROP "' }],
    ['-j TCPMSS --clamp-mss-to-pmtu', { kind: 'noEffect', text: '-j TCPMSS --clamp-mss-to-pmtu' }],
    ['-j DNAT --to-destination 10.0.0.1', { kind: 'dnatAddress', address: '10.0.0.1' as Address }],
    [
      '-j DNAT --to-destination 10.0.0.1-10.0.0.9:80',
      { kind: 'unknown', text: '-j DNAT --to-destination 10.0.0.1-10.0.0.9:80' },
    ],
    ['-j SNAT --to-source 10.0.0.1', { kind: 'unknown', text: '-j SNAT --to-source 10.0.0.1' }],
    ['-j REDIRECT --to-ports 8080', { kind: 'unknown', text: '-j REDIRECT --to-ports 8080' }],
  ])('%s', (text, target) => expect(targetOf(text)).toEqual(target));
});

describe('text that is no rule', () => {
  it.each([
    ['-s 10.0.0.1/33 -j DROP', '-s: expected an IPv4 address or network, got "10.0.0.1/33"'],
    ['-d fd00::1/128 -j DROP', '-d: expected an IPv4 address or network, got "fd00::1/128"'],
    ['-s 10.0.0.1 -s 10.0.0.2', 'expected -s once'],
    ['-m comment --comment "web', 'expected a closing quote'],
    ['-m -j DROP', '-m: expected the name of a match, got ""'],
    ['--dport 80', 'expected the match that an option belongs to'],
    ['-m tcp -j', 'expected a target, got "-j"'],
    ['10.0.0.1', 'expected an option, got "10.0.0.1"'],
    ['-g ONE TWO', '-g: expected a chain, got "ONE TWO"'],
  ])('%s', (text, message) => expect(() => readRule(text, 'ipv4')).toThrow(message));
});
