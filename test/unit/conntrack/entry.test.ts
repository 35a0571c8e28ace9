import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEntry } from '../../../src/conntrack/entry.ts';

const UDP =
  'ipv4     2 udp      17 29 src=10.0.0.1 dst=10.96.0.10 sport=1000 dport=53 [UNREPLIED] ' +
  'src=10.244.0.5 dst=192.168.77.10 sport=5353 dport=1000 mark=16384 use=1 id=1468981145';
const TCP =
  'ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.96.0.1 sport=1000 dport=443 packets=5 bytes=300 ' +
  'src=192.168.77.10 dst=10.0.0.1 sport=6443 dport=1000 packets=4 bytes=200 [ASSURED] mark=0 ' +
  'secctx=system_u:object_r:unlabeled_t:s0 zone=3 use=2 id=7';

describe('a line of conntrack -L', () => {
  it('is read in full', () => {
    expect(parseEntry(UDP)).toEqual({
      family: 'ipv4',
      protocol: 'udp',
      secondsLeft: 29,
      state: undefined,
      original: { source: '10.0.0.1', destination: '10.96.0.10', sourcePort: 1000, destinationPort: 53 },
      reply: { source: '10.244.0.5', destination: '192.168.77.10', sourcePort: 5353, destinationPort: 1000 },
      unreplied: true,
      assured: false,
      mark: 16384,
      id: 1468981145,
    });
  });

  it('may carry counters, a security context and a zone', () => {
    expect(parseEntry(TCP)).toMatchObject({
      protocol: 'tcp',
      state: 'ESTABLISHED',
      secondsLeft: 431999,
      reply: { source: '192.168.77.10', sourcePort: 6443 },
      unreplied: false,
      assured: true,
      id: 7,
    });
  });

  it('may lack the family, as it does without -o extended', () => {
    expect(parseEntry(UDP.replace('ipv4     2 ', ''))).toEqual(parseEntry(UDP));
  });

  it('may lack the time, where a flow table took over', () => {
    const line = TCP.replace('431999 ESTABLISHED ', '').replace('[ASSURED]', '[OFFLOAD]');
    expect(parseEntry(line)).toMatchObject({ secondsLeft: undefined, state: undefined, assured: false });
  });

  it('has IPv6 addresses in their one spelling', () => {
    const line =
      'ipv6 10 udp 17 9 src=fd00:0::1 dst=fd00:96::A sport=1 dport=53 src=fd00:244::5 dst=fd00::1 sport=53 dport=1';
    expect(parseEntry(line)).toMatchObject({
      family: 'ipv6',
      original: { source: 'fd00::1', destination: 'fd00:96::a' },
    });
  });

  it('of ICMP has no ports, and its own id is not the id of the entry', () => {
    const tuples = 'src=1.1.1.1 dst=2.2.2.2 type=8 code=0 id=5 src=2.2.2.2 dst=1.1.1.1 type=0 code=0 id=5';
    expect(parseEntry(`icmp 1 29 ${tuples} mark=0 use=1 id=740561717`)).toMatchObject({
      protocol: 'icmp',
      original: { sourcePort: undefined },
      id: 740561717,
    });
    expect(parseEntry(`icmp 1 29 ${tuples} mark=0 use=1`)).toMatchObject({ id: undefined });
  });

  it.each([
    ['nothing', ''],
    ['the closing line', 'conntrack v1.4.7 (conntrack-tools): 4 flow entries have been shown.'],
    ['half a line', UDP.slice(0, 100)],
    ['an address that is none', UDP.replace('10.244.0.5', '10.244.0.555')],
    ['a port that is none', UDP.replace('sport=5353', 'sport=65536')],
    ['UDP without ports', UDP.replace('sport=1000 dport=53 ', '')],
    [
      'addresses of both families',
      UDP.replace('src=10.244.0.5 dst=192.168.77.10', 'src=fd00::5 dst=fd00::1'),
    ],
    ['the other family', UDP.replace('ipv4     2', 'ipv6     10')],
  ])('that is %s is no entry', (_, line) => {
    expect(parseEntry(line)).toBeUndefined();
  });

  it('never throws, whatever it holds', () => {
    const words = fc.oneof(fc.constantFrom(...UDP.split(' '), ...TCP.split(' ')), fc.string());
    fc.assert(
      fc.property(fc.array(words), (line) => {
        parseEntry(line.join(' '));
      }),
    );
  });
});
