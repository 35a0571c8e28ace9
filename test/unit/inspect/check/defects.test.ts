import { describe, expect, it } from 'vitest';
import { rulesetOf } from '../../../../src/chains/layout.ts';
import { chooseNode } from '../../../../src/cluster/identity.ts';
import { programOfSave } from '../../../../src/inspect/program.ts';
import { restoreLines } from '../../../../src/iptables/restore-text.ts';
import { FAMILIES } from '../../../../src/net/address.ts';
import { nodeView } from '../../../../src/routing/node-view.ts';
import { clusterRoutes } from '../../../../src/routing/routes.ts';
import { CAPTURE_HOST, casesIn, loadCase, RANDOM_CLUSTERS, RULE_BOOK } from '../../../support/cases.ts';
import { crowdOf, pickFrom, randomFrom, type Random } from '../../../support/crowd.ts';
import { nodeIn, NODE_NAME } from '../../../support/random-events.ts';
import { DEFECTS, type Defect } from './defects.ts';
import { proofOf, type ProvingScene } from './proving.ts';
import { edited, rulesText, type Edit, type RulesText } from './rules-text.ts';

const SEED = 20_260_106;
/** Rules that each defect is made in, one place in each. */
const RULESETS = 5;

interface Subject {
  readonly name: string;
  readonly scene: ProvingScene;
  readonly rules: RulesText;
}

const SUBJECTS: readonly Subject[] = [...capturedScenes(), ...crowds()].flatMap(({ name, scene }) =>
  (['classic', 'indexed'] as const).map((layout) => ({
    name: `${name}, ${layout}`,
    scene,
    rules: rulesText(
      restoreLines(rulesetOf({ name: layout, comments: 'auto' }, scene.services, scene.view)),
      scene.view,
    ),
  })),
);

/** Without those whose node ports answer nowhere: nothing leads to their chains, and no packet would notice. */
function* capturedScenes(): Iterable<{ readonly name: string; readonly scene: ProvingScene }> {
  for (const folder of [
    ...casesIn(RULE_BOOK),
    ...casesIn(RANDOM_CLUSTERS).filter((_, index) => index % 4 === 0),
  ]) {
    const { cluster, settings } = loadCase(folder);
    const { identity } = chooseNode(cluster, settings);
    for (const family of FAMILIES) {
      const view = nodeView(family, settings, identity, CAPTURE_HOST);
      if (view.nodePorts.kind === 'addresses' && view.nodePorts.addresses.length === 0) continue;
      yield { name: `${folder.name}, ${family}`, scene: { view, services: clusterRoutes(cluster, view) } };
    }
  }
}

/** Enough services for trees. */
function* crowds(): Iterable<{ readonly name: string; readonly scene: ProvingScene }> {
  const [folder] = casesIn(RULE_BOOK);
  if (folder === undefined) throw new Error('the rule book is empty');
  const { settings } = loadCase(folder);
  for (const family of FAMILIES) {
    const isDense = family === 'ipv4';
    const view = nodeView(family, settings, { name: NODE_NAME, node: nodeIn('zone-1') }, CAPTURE_HOST);
    const crowd = crowdOf(family, SEED, { services: 40, isDense });
    const services = clusterRoutes({ ...crowd, nodes: [] }, view);
    yield { name: `crowd, ${family}, ${isDense ? 'dense' : 'scattered'}`, scene: { view, services } };
  }
}

interface Spoiled {
  readonly subject: Subject;
  readonly edit: Edit;
}

function spoil(defect: Defect, random: Random): readonly Spoiled[] {
  const possible = SUBJECTS.map((subject) => ({ subject, edits: defect.edits(subject.rules) })).filter(
    ({ edits }) => edits.length > 0,
  );
  const chosen: Spoiled[] = [];
  while (chosen.length < RULESETS && possible.length > 0) {
    const [one] = possible.splice(Math.floor(random() * possible.length), 1);
    if (one !== undefined) chosen.push({ subject: one.subject, edit: pickFrom(one.edits, random) });
  }
  return chosen;
}

describe('rules without a defect', () => {
  it('are proven, or a defect would prove nothing', () => {
    for (const { name, scene, rules } of SUBJECTS) {
      const program = programOfSave(edited(rules, { at: 0, remove: 0, insert: [] }), rules.family);
      const { total, faults, conflicts } = proofOf(program, scene);
      expect({ total, faults, conflicts }, name).toEqual({ total: 0, faults: [], conflicts: [] });
    }
  });
});

describe('each defect is caught wherever it is made', () => {
  it('knows many', () => {
    expect(DEFECTS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(DEFECTS.map(({ name }) => name)).size).toBe(DEFECTS.length);
  });

  for (const [index, defect] of DEFECTS.entries()) {
    it(defect.name, () => {
      const spoiled = spoil(defect, randomFrom(SEED + index));
      expect(spoiled.length, 'no rules can have this defect').toBeGreaterThan(0);
      for (const { subject, edit } of spoiled) {
        const program = programOfSave(edited(subject.rules, edit), subject.rules.family);
        const { total, faults } = proofOf(program, subject.scene, 1);
        const before = subject.rules.lines.slice(edit.at, edit.at + edit.remove).map(({ text }) => text);
        expect(
          total + faults.length,
          `${subject.name}\n${before.join('\n')}\n=>\n${edit.insert.join('\n')}`,
        ).toBeGreaterThan(0);
      }
    });
  }
});
