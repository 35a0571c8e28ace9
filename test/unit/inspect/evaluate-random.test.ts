import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fatesOf } from '../../../src/inspect/evaluate.ts';
import { nodeFacts } from '../../../src/inspect/facts.ts';
import type { Packet } from '../../../src/inspect/packet.ts';
import { programOfSave } from '../../../src/inspect/program.ts';
import { fatesInWords } from './asking.ts';
import { ADDRESSES, filterTable, incoming } from '../../support/random-programs.ts';

/*
 * An evaluator of the simplest kind, for the few words that the random rules use: it follows every single
 * way by itself, works on the text, and shares nothing with the other.
 */

interface Way {
  readonly mark: number;
  readonly seen: boolean;
}

type Ends = Map<string, number>;

function waysThrough(lines: readonly string[], packet: Packet): Readonly<Record<string, number>> {
  const rules = (chain: string) =>
    lines.filter((line) => line.startsWith(`-A ${chain} `) || line === `-A ${chain}`);
  const policy = lines.includes(':INPUT DROP') ? 'dropped: -P INPUT DROP' : passed(packet, false);
  const ends: Ends = new Map();
  const end = (name: string, probability: number) => ends.set(name, (ends.get(name) ?? 0) + probability);

  const through = (
    chain: string,
    position: number,
    way: Way,
    probability: number,
    back: (way: Way, p: number) => void,
  ): void => {
    const line = rules(chain)[position];
    if (probability === 0) return;
    if (line === undefined) {
      back(way, probability);
      return;
    }
    const next = (after: Way, p: number): void => through(chain, position + 1, after, p, back);
    const { matches, after } = asked(line, packet, way);
    if (!matches) {
      next(after, probability);
      return;
    }
    const chance = Number(/--probability (\S+)/.exec(line)?.[1] ?? 1);
    // A source is remembered before the chance is asked: that is where it stands in these rules.
    next(after, probability * (1 - chance));
    const hit = probability * chance;
    const [, option, target] = / -([jg]) (.*)$/.exec(line) ?? [];
    if (target === undefined) next(after, hit);
    else if (target.startsWith('MARK'))
      next({ ...after, mark: target.includes('/0x0') ? after.mark ^ 2 : after.mark | 1 }, hit);
    else if (target === 'RETURN') back(after, hit);
    else if (target === 'ACCEPT') end(passed(packet, true), hit);
    else if (target === 'DROP') end(`dropped: ${line}`, hit);
    else if (target === 'REJECT') end(`rejected: ${line}`, hit);
    else through(target, 0, after, hit, option === 'g' ? back : next);
  };
  through('INPUT', 0, { mark: packet.mark ?? 0, seen: false }, 1, (_, probability) =>
    end(policy, probability),
  );
  return Object.fromEntries(ends);
}

function passed({ destination, destinationPort }: Packet, accepted: boolean): string {
  return `input ${destination}:${destinationPort}${accepted ? ' accepted' : ''}`;
}

function asked(line: string, packet: Packet, way: Way): { readonly matches: boolean; readonly after: Way } {
  const headers: boolean[] = [];
  for (const [, not, option, network = ''] of line.matchAll(/(! )?-([sd]) (\S+)/g)) {
    const address = option === 's' ? packet.source : packet.destination;
    headers.push(NETWORKS[network]?.includes(address) === (not === undefined));
  }
  const protocol = /-p (\S+)/.exec(line)?.[1];
  if (protocol !== undefined) headers.push(protocol === packet.protocol);
  const [, notPort, first, last = first] = /(! )?--dport (\d+)(?::(\d+))?/.exec(line) ?? [];
  if (first !== undefined) {
    const inside = packet.destinationPort >= Number(first) && packet.destinationPort <= Number(last);
    headers.push(inside === (notPort === undefined));
  }
  const [, notMark, value, mask] = /(! )?--mark (\S+)\/(\S+)/.exec(line) ?? [];
  if (value !== undefined)
    headers.push(((way.mark & Number(mask)) === Number(value)) === (notMark === undefined));
  if (line.includes('--rcheck')) headers.push(way.seen);
  const matches = !headers.includes(false);
  return { matches, after: matches && line.includes('--set ') ? { ...way, seen: true } : way };
}

const NETWORKS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(ADDRESSES.map((address) => [`${address}/32`, [address]])),
  '10.0.0.0/30': ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
  '10.0.0.2/31': ['10.0.0.2', '10.0.0.3'],
};

describe('random rulesets', () => {
  it('give every packet the same fates as when each way is followed by itself', () => {
    const facts = nodeFacts(ADDRESSES);
    let ways = 0;
    fc.assert(
      fc.property(filterTable(0), fc.array(incoming, { minLength: 1, maxLength: 4 }), (lines, packets) => {
        const program = programOfSave(lines, 'ipv4');
        for (const packet of packets) {
          const expected = waysThrough(lines, packet);
          // Quarters multiplied twenty times are exact in doubles: no tolerance is needed.
          expect(fatesInWords(program, packet, facts)).toEqual(expected);
          ways = Math.max(ways, Object.keys(expected).length);
        }
      }),
      { numRuns: 3_000, seed: 5 },
    );
    expect(ways).toBeGreaterThan(3);
  });

  it('give the same fates, with the same paths, where long chains are looked up', () => {
    const facts = nodeFacts(ADDRESSES);
    let looked = 0;
    fc.assert(
      fc.property(filterTable(60), incoming, (lines, packet) => {
        const indexed = programOfSave(lines, 'ipv4');
        const plain = programOfSave(lines, 'ipv4', { indexed: false });
        expect(fatesOf(indexed, packet, facts)).toEqual(fatesOf(plain, packet, facts));
        if (indexed.tables.get('filter')?.chains.get('INPUT')?.index !== undefined) looked += 1;
      }),
      { numRuns: 1_000, seed: 6 },
    );
    expect(looked).toBeGreaterThan(500);
  });
});
