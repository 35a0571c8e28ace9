import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleText } from '../../../src/chains/text.ts';
import { isForSomeClients, ruleFacts } from '../../../src/graph/rule-facts.ts';
import { rulesetOfCase, loadCase } from '../../support/cases.ts';
import { CASES, HOSTILE } from './drawing.ts';

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
}

describe('the facts of a rule', () => {
  it('are those of its flags', () => {
    const text =
      '! -s 10.244.0.0/16 -d 10.96.0.10/32 -i veth+ -p udp -m comment --comment "a -j b" -m udp --dport 53 -m statistic --mode random --probability 0.25000000000 -j KUBE-SVC-X';
    expect(ruleFacts(text)).toMatchObject({
      source: '! 10.244.0.0/16',
      destination: '10.96.0.10/32',
      inInterface: 'veth+',
      protocol: 'udp',
      comment: 'a -j b',
      ports: '53',
      chance: 0.25,
      target: 'KUBE-SVC-X',
      others: [],
    });
  });

  it('tell session affinity', () => {
    const seen = '-m recent --rcheck --seconds 10800 --reap --name X --mask 255.255.255.255 --rsource -j X';
    expect(ruleFacts(seen)).toMatchObject({ seen: true, seconds: 10_800, remembers: false, others: [] });
    const set =
      '-p tcp -m recent --set --name X --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 1.2.3.4:5';
    expect(ruleFacts(set)).toMatchObject({ seen: false, remembers: true, endpoint: '1.2.3.4:5' });
  });

  it('keep what we have no words for, and count it as a condition', () => {
    const facts = ruleFacts('-m set --match-set KUBE-LOOP dst,src -m multiport ! --dports 80,443 -j X');
    expect(facts.others).toEqual(['--match-set KUBE-LOOP dst,src', '! --dports 80,443']);
    expect(isForSomeClients(facts)).toBe(true);
  });

  it.each(CASES)('leave nothing over of the rules that we write: $name', (folder) => {
    for (const { jumps, chains } of rulesetOfCase(loadCase(folder), 'ipv4').tables) {
      const rules = [...jumps.map(({ rule }) => rule), ...[...chains()].flatMap((chain) => [...chain.rules])];
      for (const rule of rules) {
        const { others, target, comment } = ruleFacts(ruleText(rule));
        const said = rule.matches.find(({ kind }) => kind === 'comment');
        expect(others).toEqual([]);
        expect(comment).toBe(said?.kind === 'comment' ? said.text : '');
        if (rule.target?.kind === 'jump') expect(target).toBe(rule.target.chain);
      }
    }
  });

  it.each(HOSTILE)('are not those of its comment: %j', (comment) => {
    const facts = ruleFacts(`-m comment --comment ${quoted(comment)} -j ACCEPT`);
    expect(facts).toEqual({ ...ruleFacts('-j ACCEPT'), comment });
  });

  it('are read of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (comment) => {
        expect(ruleFacts(`-m comment --comment ${quoted(comment)} -j X`)).toMatchObject({
          comment,
          target: 'X',
        });
        expect(ruleFacts(comment).others).toBeInstanceOf(Array);
      }),
    );
  });
});
