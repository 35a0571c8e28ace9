import { describe, expect, it } from 'vitest';
import { chooseNode } from '../../../src/cluster/identity.ts';
import type { ReadState } from '../../../src/cli/diff-state.ts';
import type { LayoutSettings } from '../../../src/chains/layout-choice.ts';
import { FAMILIES } from '../../../src/net/address.ts';
import { isSame } from '../../../src/diff/compare.ts';
import { casesIn, expectedRules, loadCase, RANDOM_CLUSTERS, RULE_BOOK } from '../../support/cases.ts';
import { CLASSIC, differenceOf, ofRules, wordsOf, type Given } from './states.ts';

const INDEXED: LayoutSettings = { name: 'indexed', comments: 'auto' };
const BARE: LayoutSettings = { name: 'indexed', comments: 'never' };

/** The rules of node ports and of services the other way round; the jump to the node ports stays the last. */
function inOtherOrder(text: string): string {
  const turned: string[] = [];
  for (const block of text.split(/(?=^\*)/m)) {
    const lines = block.split('\n');
    const queues = new Map(
      ['-A KUBE-NODEPORTS ', '-A KUBE-SERVICES '].map((start) => [
        start,
        lines.filter((line) => isOf(line, start)).reverse(),
      ]),
    );
    for (const line of lines) {
      const queue = [...queues].find(([start]) => isOf(line, start))?.[1];
      turned.push(queue?.shift() ?? line);
    }
  }
  return turned.join('\n');
}

function isOf(line: string, start: string): boolean {
  return line.startsWith(start) && !line.includes('this must be the last rule');
}

/** Two slices hold the same endpoint with other conditions, and kube-proxy has made the other choice. */
const OTHER_CHOICES: readonly string[] = ['default-040 ipv4', 'nolocalhost-003 ipv6', 'npprimary-003 ipv6'];

describe.each([...casesIn(RULE_BOOK), ...casesIn(RANDOM_CLUSTERS)])('the case $name', (folder) => {
  const { cluster, settings } = loadCase(folder);
  const { identity } = chooseNode(cluster, settings);
  const state: ReadState = { kind: 'scene', name: '', scene: { cluster, settings, identity, warnings: [] } };

  it.each(FAMILIES)('differs in nothing from itself, in whatever form: %s', (family) => {
    const captured = expectedRules(folder, family);
    const forms: readonly (readonly [string, Given])[] = [
      ['classic', { state, layout: CLASSIC }],
      ['indexed', { state, layout: INDEXED }],
      ['indexed without comments', { state, layout: BARE }],
      ['captured', { state: ofRules(captured, family) }],
      ['captured, in another order', { state: ofRules(inOtherOrder(captured), family) }],
    ];
    for (const [name, form] of forms) {
      const isMade = form.layout !== undefined;
      const from = isMade ? { state, layout: CLASSIC } : { state: ofRules(captured, family) };
      expect(wordsOf(differenceOf(from, form, family, settings)), name).toEqual([]);
    }
    const isOther = OTHER_CHOICES.includes(`${folder.name} ${family}`);
    const crossed = differenceOf(
      { state, layout: INDEXED },
      { state: ofRules(captured, family) },
      family,
      settings,
    );
    expect(isSame(crossed), wordsOf(crossed).join('\n')).toBe(!isOther);
  });
});
