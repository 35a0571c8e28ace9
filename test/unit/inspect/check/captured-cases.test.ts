import { describe, expect, it } from 'vitest';
import { rulesetOf } from '../../../../src/chains/layout.ts';
import { chooseNode } from '../../../../src/cluster/identity.ts';
import { ourParts } from '../../../../src/inspect/check/our-part.ts';
import { programOf, programOfSave } from '../../../../src/inspect/program.ts';
import { FAMILIES, type Family } from '../../../../src/net/address.ts';
import { nodeView } from '../../../../src/routing/node-view.ts';
import { clusterRoutes } from '../../../../src/routing/routes.ts';
import {
  CAPTURE_HOST,
  casesIn,
  expectedRules,
  loadCase,
  RANDOM_CLUSTERS,
  RULE_BOOK,
  type Case,
} from '../../../support/cases.ts';
import { findings, proofOf, type ProvingScene } from './proving.ts';

function sceneOf(folder: Case, family: Family): ProvingScene {
  const { cluster, settings } = loadCase(folder);
  const { identity } = chooseNode(cluster, settings);
  const view = nodeView(family, settings, identity, CAPTURE_HOST);
  return { view, services: clusterRoutes(cluster, view) };
}

/**
 * Where two slices hold the same endpoint with other conditions, kube-proxy takes the one that its map's
 * random order gives it. In these runs that was the other one: its rules are another answer to the same
 * question, and no packet can be right by both.
 */
const OTHER_CHOICES: ReadonlySet<string> = new Set([
  'default-040, ipv4',
  'nolocalhost-003, ipv6',
  'npprimary-003, ipv6',
]);

const CASES = [...casesIn(RULE_BOOK), ...casesIn(RANDOM_CLUSTERS)];

for (const layout of ['classic', 'indexed'] as const) {
  describe(`the ${layout} layout does what the services want`, () => {
    for (const folder of CASES) {
      it(folder.name, () => {
        for (const family of FAMILIES) {
          const scene = sceneOf(folder, family);
          for (const comments of ['auto', 'never'] as const) {
            const program = programOf(rulesetOf({ name: layout, comments }, scene.services, scene.view));
            expect(findings(program, scene)).toBe('');
          }
        }
      });
    }
  });
}

describe('so do the rules that kube-proxy 1.36 left in the kernel', () => {
  for (const folder of CASES) {
    it(folder.name, () => {
      for (const family of FAMILIES) {
        const [part] = ourParts(expectedRules(folder, family).split('\n'), family);
        const program = programOfSave(part?.lines ?? [], family);
        const scene = sceneOf(folder, family);
        if (!OTHER_CHOICES.has(`${folder.name}, ${family}`)) {
          expect(findings(program, scene)).toBe('');
          continue;
        }
        const { counterexamples, faults } = proofOf(program, scene);
        expect(faults).toEqual([]);
        expect(new Set(counterexamples.map(({ kind }) => kind))).toEqual(new Set(['fate']));
      }
    });
  }
});
