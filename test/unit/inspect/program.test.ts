import { describe, expect, it } from 'vitest';
import { chooseNode } from '../../../src/cluster/identity.ts';
import type { LayoutName } from '../../../src/chains/layout-choice.ts';
import { rulesetOf } from '../../../src/chains/layout.ts';
import type { Ruleset } from '../../../src/chains/rule.ts';
import { fatesOf } from '../../../src/inspect/evaluate.ts';
import { equal, ONE, sum } from '../../../src/inspect/fraction.ts';
import { programOf, programOfSave, type Program } from '../../../src/inspect/program.ts';
import { restoreLines } from '../../../src/iptables/restore-text.ts';
import { FAMILIES, type Family } from '../../../src/net/address.ts';
import { nodeView } from '../../../src/routing/node-view.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import {
  CAPTURE_HOST,
  casesIn,
  expectedRules,
  loadCase,
  RANDOM_CLUSTERS,
  RULE_BOOK,
  type LoadedCase,
} from '../../support/cases.ts';
import { outcomeInWords, pathInWords } from '../../support/fate-words.ts';
import { contentOf } from '../../support/program-content.ts';
import { CAPTURE_FACTS, packetsOf } from './captured-packets.ts';

const CASES = [...casesIn(RULE_BOOK), ...casesIn(RANDOM_CLUSTERS)];
const LAYOUTS: readonly LayoutName[] = ['classic', 'indexed'];

function rulesetIn(name: LayoutName, { cluster, settings }: LoadedCase, family: Family): Ruleset {
  const view = nodeView(family, settings, chooseNode(cluster, settings).identity, CAPTURE_HOST);
  return rulesetOf({ name, comments: 'auto' }, clusterRoutes(cluster, view), view);
}

function textsOf({ tables }: Program): readonly string[] {
  const chains = [...tables.values()].flatMap((table) => [...table.chains.values()]);
  return chains.flatMap(({ table, rules }) => rules.map(({ text }) => `${table} ${text()}`)).sort();
}

describe.each(LAYOUTS)('the program of a ruleset, %s layout,', (layout) => {
  it('is that of its text, in all captured cases', () => {
    for (const folder of CASES) {
      const loaded = loadCase(folder);
      for (const family of FAMILIES) {
        const ruleset = rulesetIn(layout, loaded, family);
        const ofText = programOfSave(restoreLines(ruleset), family);
        const program = programOf(ruleset);
        expect(contentOf(program), folder.name).toEqual(contentOf(ofText));
        expect(textsOf(program)).toEqual(textsOf(ofText));
      }
    }
  });

  it('looks rules up in long chains and finds what asking each would find', () => {
    let count = 0;
    for (const folder of CASES) {
      const loaded = loadCase(folder);
      for (const family of FAMILIES) {
        const ruleset = rulesetIn(layout, loaded, family);
        const indexed = programOf(ruleset);
        const plain = programOf(ruleset, { indexed: false });
        for (const packet of packetsOf(loaded, family)) {
          const fates = fatesOf(indexed, packet, CAPTURE_FACTS);
          expect(fates, folder.name).toEqual(fatesOf(plain, packet, CAPTURE_FACTS));
          expect(equal(sum(fates.map(({ probability }) => probability)), ONE)).toBe(true);
          expect(fates.filter(({ outcome }) => outcome.kind === 'unknown')).toEqual([]);
          count += 1;
        }
      }
    }
    expect(count).toBeGreaterThan(5_000);
  });
});

/** Where kube-proxy's random choice of an endpoint was another: see captured-cases.test.ts. */
const OTHER_CHOICES: ReadonlySet<string> = new Set(['default-040', 'nolocalhost-003', 'npprimary-003']);

describe('what kube-proxy left in the kernel', () => {
  it('gives every packet the same fates as the classic layout, on the same path', () => {
    let count = 0;
    for (const folder of CASES.filter(({ name }) => !OTHER_CHOICES.has(name))) {
      const loaded = loadCase(folder);
      for (const family of FAMILIES) {
        const ours = programOf(rulesetIn('classic', loaded, family));
        const theirs = programOfSave(expectedRules(folder, family).split('\n'), family);
        for (const packet of packetsOf(loaded, family)) {
          const words = (program: Program) =>
            fatesOf(program, packet, CAPTURE_FACTS).map((fate) => ({
              outcome: outcomeInWords(fate.outcome, program),
              probability: fate.probability,
              path: pathInWords(fate, program),
            }));
          expect(words(theirs), folder.name).toEqual(words(ours));
          count += 1;
        }
      }
    }
    expect(count).toBeGreaterThan(5_000);
  });
});
