import { describe, expect, it } from 'vitest';
import { graphOfSave } from '../../../src/graph/save-text.ts';
import { dispatchOf, frontendText } from '../../../src/graph/services.ts';
import { expectedRules } from '../../support/cases.ts';
import { caseNamed, CASES, graphOfCase } from './drawing.ts';

function waysOf(graph: Parameters<typeof dispatchOf>[0]): Readonly<Record<string, readonly string[]>> {
  const { services } = dispatchOf(graph);
  return Object.fromEntries(
    [...services].map(([name, { frontends }]) => {
      const ways = frontends.map(
        ({ place, facts }) => `${place.chain.split(' ')[0] ?? ''} ${frontendText(facts)}`,
      );
      return [name, ways.sort()];
    }),
  );
}

describe('services behind the rules', () => {
  it.each(CASES)('are the same in every layout: $name', (folder) => {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const classic = waysOf(graphOfCase(folder, family));
      expect(waysOf(graphOfCase(folder, family, 'indexed', 'always'))).toEqual(classic);
      expect(waysOf(graphOfSave(expectedRules(folder, family).split('\n'), family))).toEqual(classic);
    }
  });

  it('have all their ways in, refused ones too', () => {
    expect(waysOf(graphOfCase(caseNamed('nodeport/no-endpoints')))).toMatchObject({
      'default/empty': ['filter 10.96.11.5:80/tcp', 'filter :31200/tcp'],
    });
    expect(waysOf(graphOfCase(caseNamed('loadbalancer/source-ranges')))['default/lb']).toEqual([
      'filter 203.0.113.30:80/tcp',
      'nat 10.96.14.1:80/tcp',
      'nat 203.0.113.30:80/tcp',
      'nat :31600/tcp',
    ]);
  });

  it('are found without any comment, by their chains', () => {
    const folder = caseNamed('nodeport/external-policy-local');
    const silent = [...graphOfCase(folder, 'ipv4', 'indexed', 'never').chains.values()];
    expect(silent.some(({ rules }) => rules.some(({ text }) => text.includes('default/')))).toBe(false);
    expect(Object.keys(waysOf(graphOfCase(folder, 'ipv4', 'indexed', 'never')))).toEqual([
      'default/kubernetes',
      'default/local',
    ]);
  });

  it('are told apart though no rule names them', () => {
    const lines = expectedRules(caseNamed('nodeport/external-policy-local'), 'ipv4')
      .replace(/ -m comment --comment "[^"]*"/g, '')
      .split('\n');
    expect(waysOf(graphOfSave(lines, 'ipv4'))).toEqual({
      '10.96.0.1:443/tcp': ['nat 10.96.0.1:443/tcp'],
      '10.96.11.4:80/tcp': ['nat 10.96.11.4:80/tcp', 'nat :31100/tcp'],
    });
  });
});
