import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainKey } from '../../../src/graph/rule-graph.ts';
import { graphOfSave, oneLineRules, saveLines } from '../../../src/graph/save-text.ts';
import { CASES, graphOfCase, graphOfHostile, HOSTILE } from './drawing.ts';

const KUBE_SERVICES = chainKey('nat', 'KUBE-SERVICES');

describe('text of iptables-save', () => {
  it('is read with counters and without', () => {
    const { chains } = graphOfSave(
      ['# a comment', '*nat', ':KUBE-SERVICES - [0:0]', '[12:720] -A KUBE-SERVICES -j A', '-A KUBE-SERVICES'],
      'ipv4',
    );
    expect(chains.get(KUBE_SERVICES)?.rules).toEqual([{ text: '-j A', packets: 12 }, { text: '' }]);
  });

  it('is read of the tables filter and nat alone', () => {
    const lines = ['*mangle', ':A - [0:0]', '-A A -j B', '*filter', ':C - [0:0]', '-A C -j D', 'COMMIT'];
    expect([...graphOfSave(lines, 'ipv4').chains.keys()]).toEqual(['filter C']);
  });

  it('may have a newline in a comment', () => {
    const lines = ['*nat', '-A A -m comment --comment "one', '-A B -j C', 'two" -j D', '-A A -j E'];
    expect([...graphOfSave(lines, 'ipv4').chains.values()]).toEqual([
      {
        table: 'nat',
        name: 'A',
        rules: [{ text: '-m comment --comment "one\n-A B -j C\ntwo" -j D' }, { text: '-j E' }],
      },
    ]);
    expect([...oneLineRules(lines)][1]).toBe('-A A -m comment --comment "one -A B -j C two" -j D');
  });

  it('may have a comment that does not end', () => {
    const empty = Array<string>(400_000).fill('');
    const lines = ['*nat', '-A A -m comment --comment "one', ...empty, '-A B -j C ', 'COMMIT'];
    expect([...graphOfSave(lines, 'ipv4').chains.values()]).toEqual([
      { table: 'nat', name: 'B', rules: [{ text: '-j C' }] },
    ]);
  });

  it('may be no such text at all', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (lines) => {
        expect(graphOfSave(['*nat', ...lines], 'ipv4').family).toBe('ipv4');
      }),
    );
  });
});

describe('what a page carries', () => {
  it.each(CASES)('is read back as it was: $name', (folder) => {
    for (const layout of ['classic', 'indexed'] as const) {
      const graph = graphOfCase(folder, 'ipv4', layout);
      expect(graphOfSave(saveLines(graph), 'ipv4')).toEqual(graph);
    }
  });

  it.each(HOSTILE)('is read back as it was, with the comment %j', (comment) => {
    const graph = graphOfHostile(comment);
    expect(graphOfSave([...saveLines(graph)].join('\n').split('\n'), 'ipv4')).toEqual(graph);
  });
});
