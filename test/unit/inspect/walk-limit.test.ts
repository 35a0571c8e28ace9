import { describe, expect, it } from 'vitest';
import { fatesOf } from '../../../src/inspect/evaluate.ts';
import { nodeFacts } from '../../../src/inspect/facts.ts';
import { TooManyWaysError } from '../../../src/inspect/walk-limit.ts';
import type { Address } from '../../../src/net/address.ts';
import { HALF, waysBy } from '../../support/many-ways.ts';
import { fatesInWords, packet, program, table } from './asking.ts';

/** What is said of a packet that comes to these chains of the nat table. */
function complaintOf(...lines: readonly string[]): string {
  const asked = program(...table('nat', ...lines, '-A PREROUTING -j KUBE-WAY-0'));
  try {
    fatesOf(asked, packet(), nodeFacts([]));
  } catch (error) {
    if (error instanceof TooManyWaysError) return error.message;
    throw error;
  }
  return 'nothing';
}

const ENDLESS =
  /^table nat, chain KUBE-WAY-\d+, rule [123]: after 5,000,000 steps one packet is not through: chains jump/;

describe('ways that double from chain to chain', () => {
  it('are given up, with the chain and the count', () => {
    expect(complaintOf(...waysBy(['-j', '-s 10.9.9.9/32 -j', '-j'], 40))).toMatch(ENDLESS);
  });

  it('are followed while they are few', () => {
    const lines = waysBy([`${HALF} -j`, `${HALF} -j`], 12);
    const asked = program(
      ...table('nat', ...lines, '-A PREROUTING -j KUBE-WAY-0', '-A KUBE-WAY-12 -j ACCEPT'),
    );
    expect(Object.keys(fatesInWords(asked, packet()))).toEqual(['forward 10.0.0.1:80']);
  });

  it('are given up where chance doubles them, in a loop', () => {
    expect(complaintOf(...waysBy([`${HALF} -j`, `${HALF} -j`], 40), '-A KUBE-WAY-40 -j KUBE-WAY-0')).toMatch(
      ENDLESS,
    );
  });
});

describe('packets that rules can tell apart', () => {
  const bits = Array.from({ length: 32 }, (_, bit) => `0x${(2 ** bit).toString(16)}`);

  it('are given up where marks make too many of them', () => {
    const marks = bits.map((bit) => `-A KUBE-WAY-0 ${HALF} -j MARK --set-xmark ${bit}/${bit}`);
    expect(complaintOf(':KUBE-WAY-0 - [0:0]', ...marks)).toBe(
      'table nat, chain KUBE-WAY-0, rule 13: one packet has more than 4,000 ways to come here with another mark, or on other lists',
    );
  });

  it('are given up where lists make too many of them', () => {
    const lists = bits.map(
      (bit) => `-A KUBE-WAY-0 ${HALF} -m recent --set --name L${bit} --mask 255.255.255.255 --rsource`,
    );
    expect(complaintOf(':KUBE-WAY-0 - [0:0]', ...lists)).toMatch(/^table nat, chain KUBE-WAY-0, rule 13: /);
  });
});

it('chains are given up that are inside one another without end', () => {
  expect(complaintOf(...waysBy(['-j'], 30_000))).toBe(
    'table nat, chain KUBE-WAY-498, rule 1: 500 chains are inside one another here',
  );
});

it('a service may have more endpoints than the kernel would take', () => {
  const count = 15_000;
  const endpoint = (index: number): string => `10.1.${index >> 8}.${index & 255}`;
  const rules = Array.from({ length: count }, (_, index) => {
    const chance =
      index + 1 === count
        ? ''
        : `-m statistic --mode random --probability ${(1 / (count - index)).toFixed(11)} `;
    return `-A PREROUTING ${chance}-j DNAT --to-destination ${endpoint(index)}:8080`;
  });
  const filter = Array.from({ length: 10 }, (_, index) => `-A FORWARD -s 10.9.9.${index}/32 -j DROP`);
  const asked = program(...table('nat', ...rules), ...table('filter', ...filter));
  expect(fatesOf(asked, packet(), nodeFacts(['192.168.77.10' as Address]))).toHaveLength(count);
});
