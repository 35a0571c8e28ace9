import { describe, expect, it } from 'vitest';
import { inPlace } from '../../../src/cli/watch-screen.ts';
import { spanText } from '../../../src/status/span.ts';
import { statusText } from '../../../src/status/text.ts';
import { HEALTHY, ILL } from '../../support/status-reports.ts';

const plain = (_: string, text: string): string => text;

describe('the status in words', () => {
  it('is short where all is well', () => {
    expect(statusText(HEALTHY, plain).split('\n')).toEqual([
      'chainwright 1.2.3 on node-a: healthy, up 3 d 4 h',
      '  source   API server https://10.0.0.1:6443, following, heard of 3 s ago, last change 12 s ago',
      '  cluster  11 services, 12 service ports',
      '  layout   classic (auto, with 12 service ports)',
      '  verify   a few services of each sync are proven before they are written',
      '  memory   90 MB resident, 16 MB of it heap',
      '',
      'FAMILY  BACKEND  LAYOUT   SERVICES  PORTS  ENDPOINTS  RULES  STATE',
      'ipv4    nft      classic  10        12     31         1,208  in sync',
      'ipv6    nft      classic  2         2      31         1,208  in sync',
      '',
      'LAST SYNC      ENDED      TOOK   CHAINS                WHY',
      'ipv4, all      3 min ago  64 ms  0 written, 0 deleted  comparison with the kernel',
      'ipv4, changes  12 s ago   4 ms   3 written, 1 deleted  services changed',
      'ipv6, all      3 min ago  64 ms  0 written, 0 deleted  comparison with the kernel',
      '',
    ]);
  });

  it('says what is wrong, what is waited for, and when it is tried again', () => {
    expect(statusText(ILL, plain).split('\n')).toEqual([
      'chainwright 1.2.3 on node-a: trouble, up 3 d 4 h',
      '  source   API server https://10.0.0.1:6443, reconnecting, heard of 3 s ago, last change 12 s ago',
      '           services, since 2 min ago: connect ECONNREFUSED',
      '  cluster  11 services, 12 service ports',
      '  layout   classic, to become indexed (auto, with 12 service ports); comments: never',
      '  repairs  2 in ipv4; the last 30 min ago: tables were emptied',
      '  verify   a few services of each sync are proven before they are written',
      '  memory   90 MB resident, 16 MB of it heap',
      '',
      'FAMILY  BACKEND  LAYOUT   SERVICES  PORTS  ENDPOINTS  RULES  STATE',
      'ipv4    nft      classic  10        12     31         1,208  failed: 2 services waiting',
      '',
      'LAST SYNC      ENDED      TOOK   CHAINS                WHY',
      'ipv4, all      3 min ago  64 ms  0 written, 0 deleted  comparison with the kernel',
      'ipv4, changes  12 s ago   4 ms   3 written, 1 deleted  services changed',
      '',
      'ipv4 could not be written, 3 times since 10 s ago; tried again in 4.2 s:',
      '  iptables-restore: line 7 failed',
      '  > 7: -A KUBE-X',
      '',
      'Services:',
      '  trouble: web/shop: the kernel refuses its rules',
      '    line 7 failed',
      '    remedy: look at it',
      '  note: web/far: no endpoint here',
      '  and 148 more; --output json tells some of them',
      '',
    ]);
  });

  it('has as many columns with colours as without', () => {
    const painted = statusText(ILL, (code, text) => `\u001b[${code}m${text}\u001b[0m`);
    expect(painted).toContain('\u001b[31mfailed\u001b[0m');
    expect(painted.replaceAll(/\u001b\[\d+m/g, '')).toBe(statusText(ILL, plain));
  });
});

describe('a length of time', () => {
  it.each([
    [0, '0 ms'],
    [0.0042, '4 ms'],
    [0.9996, '1 s'],
    [9.94, '9.9 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [3_599, '1 h'],
    [7_500, '2 h 5 min'],
    [86_400, '1 d'],
    [273_600, '3 d 4 h'],
  ])('of %d s is %s', (seconds, text) => {
    expect(spanText(seconds)).toBe(text);
  });
});

describe('a text that is written over in place', () => {
  it('clears the rest of each line and what is below, and keeps within the screen', () => {
    const frame = inPlace('one\n\nthree\nfour\n', 4);
    expect(frame).toBe('\u001b[?7l\u001b[Hone\u001b[K\n\u001b[K\nthree\u001b[K\n\u001b[J\u001b[?7h');
  });
});
