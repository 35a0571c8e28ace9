import { chooseNode } from '../../../src/cluster/identity.ts';
import { readManifests } from '../../../src/cluster/manifests.ts';
import { readConfig } from '../../../src/config/load.ts';
import { lendable, rulesOnNode, type ReadState } from '../../../src/cli/diff-state.ts';
import type { LayoutSettings } from '../../../src/chains/layout-choice.ts';
import { ourParts } from '../../../src/inspect/check/our-part.ts';
import { programOfSave } from '../../../src/inspect/program.ts';
import { compareMeanings, type Difference } from '../../../src/diff/compare.ts';
import { meaningOf } from '../../../src/diff/recover.ts';
import type { Settings } from '../../../src/model/settings.ts';
import type { Family } from '../../../src/net/address.ts';

export const CLASSIC: LayoutSettings = { name: 'classic', comments: 'auto' };
export const { settings: DEFAULTS } = readConfig({ flags: { 'hostname-override': ['node-a'] } });

export function ofManifests(yaml: string, settings: Settings = DEFAULTS): ReadState {
  const { cluster } = readManifests([{ name: 'test.yaml', text: yaml }]);
  const { identity } = chooseNode(cluster, settings);
  return { kind: 'scene', name: 'manifests', scene: { cluster, settings, identity, warnings: [] } };
}

export function ofRules(text: string, family: Family): ReadState {
  const [part] = ourParts(text.split('\n'), family);
  return {
    kind: 'rules',
    name: 'rules',
    programs: new Map([[family, programOfSave(part?.lines ?? [], family)]]),
  };
}

/** A state, and the layout of its rules where they are made. */
export interface Given {
  readonly state: ReadState;
  readonly layout?: LayoutSettings;
}

export function differenceOf(
  from: Given,
  to: Given,
  family: Family,
  settings: Settings = DEFAULTS,
): Difference {
  const meaning = ({ state, layout = CLASSIC }: Given, other: ReadState) =>
    meaningOf(
      rulesOnNode(state, family, {
        settings,
        layout,
        host: undefined,
        other: lendable(other, family, settings),
      }),
    );
  return compareMeanings([meaning(from, to.state)], [meaning(to, from.state)]);
}

/** All that is said, one line for each finding. */
export function wordsOf({ node, services }: Difference): readonly string[] {
  return [
    ...node,
    ...services.flatMap(({ service, state, entries }) =>
      entries.flatMap((entry) => {
        const meaning = entry.after ?? entry.before;
        const name = `${service} ${meaning?.kind ?? ''}`;
        if (entry.state !== 'changed')
          return [`${name}: ${entry.state}${state === 'changed' ? '' : ' with it'}`];
        return entry.changes.map(({ words }) => `${name}: ${words}`);
      }),
    ),
  ];
}
