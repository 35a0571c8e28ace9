import { describe, expect, it } from 'vitest';
import { addChains, chainEntries, search, serviceEntries } from '../../../src/graph/page/search.ts';
import { hashOf, viewOf, type View } from '../../../src/graph/page/view.ts';
import { moved, spotHolding } from '../../../src/graph/page/walk.ts';
import { chainKey, type RuleGraph } from '../../../src/graph/rule-graph.ts';
import { dispatchOf } from '../../../src/graph/services.ts';
import { caseNamed, graphOfCase, pictureOf } from './drawing.ts';

const GRAPH = graphOfCase(caseNamed('nodeport/external-policy-local'));

function entriesOf(graph: RuleGraph) {
  const dispatch = dispatchOf(graph);
  const services = serviceEntries(dispatch);
  const owned = new Set<string>();
  for (const entry of services) {
    const service = dispatch.services.get(entry.name);
    if (service !== undefined) addChains(graph, service, entry, owned);
  }
  return [...services, ...chainEntries(graph, owned)];
}

function foundFor(query: string): readonly string[] {
  return search(entriesOf(GRAPH), query).map(({ entry, by }) => entry.name + (by === '' ? '' : ` by ${by}`));
}

describe('search', () => {
  it('lists services alone where nothing is asked for', () =>
    expect(foundFor(' ')).toEqual(['default/kubernetes', 'default/local']));

  it.each([
    ['local', ['default/local']],
    ['LOC', ['default/local']],
    ['31100', ['default/local']],
    ['10.96.0.1:443', ['default/kubernetes']],
    ['10.244.2.7', ['default/local by 10.244.2.7:8080']],
    ['kube-sep-gkif5vfbpexkjwfl', ['default/local by KUBE-SEP-GKIF5VFBPEXKJWFL']],
    ['default 6443', ['default/kubernetes by 192.168.77.10:6443']],
    ['forward', ['KUBE-FORWARD', 'FORWARD'].sort().reverse()],
    ['nothing-like-it', []],
  ])('finds by %j', (query, names) => expect([...foundFor(query)].sort().reverse()).toEqual(names));

  it('puts names that begin with the word first', () => {
    expect(foundFor('kube').slice(0, 1)).toEqual(['default/kubernetes']);
  });
});

describe('the address of a view', () => {
  it.each<View>([
    { kind: 'node' },
    { kind: 'service', name: 'web/shop' },
    { kind: 'service', name: '[fd00::1]:80/tcp "<script>' },
    { kind: 'chain', chain: chainKey('nat', 'KUBE-NODEPORTS') },
  ])('is read back as it was: %j', (view) => expect(viewOf(hashOf(view))).toEqual(view));

  it.each(['', '#', '#service/', '#service/%E0%A4%A', '#elsewhere/x'])('%j is the whole node', (hash) =>
    expect(viewOf(hash)).toEqual({ kind: 'node' }),
  );
});

describe('keys', () => {
  const picture = pictureOf(GRAPH, 'default/local');
  const at = (title: string, row: number) => ({
    card: picture.cards.findIndex((card) => card.title.startsWith(title)),
    row,
  });

  it('go up and down through all rules, and stay at the ends', () => {
    let spot = { card: 0, row: 0 };
    expect(moved(picture, spot, 'up')).toEqual(spot);
    const seen = new Set<string>();
    while (!seen.has(JSON.stringify(spot))) {
      seen.add(JSON.stringify(spot));
      spot = moved(picture, spot, 'down');
    }
    const rules = picture.cards.reduce(
      (sum, { rows, leftOut }) => sum + rows.length + (leftOut === '' ? 0 : 1),
      0,
    );
    expect(seen.size).toBe(rules);
  });

  it('follow a jump and come back by the one most connections take', () => {
    expect(moved(picture, at('KUBE-NODEPORTS', 0), 'follow')).toEqual(at('KUBE-EXT', 0));
    expect(moved(picture, at('KUBE-EXT', 1), 'back')).toEqual(at('KUBE-NODEPORTS', 0));
    expect(moved(picture, at('KUBE-SVC', 0), 'back')).toEqual(at('KUBE-SERVICES', 0));
    const end = at('KUBE-SEP', 1);
    expect(moved(picture, end, 'follow')).toEqual(end);
  });

  it('go to the ends of a card', () => {
    expect(moved(picture, at('KUBE-EXT', 1), 'last')).toEqual(at('KUBE-EXT', 3));
    expect(moved(picture, at('KUBE-EXT', 1), 'first')).toEqual(at('KUBE-EXT', 0));
  });

  it('a rule is found by what was searched for', () => {
    expect(spotHolding(picture, '10.244.2.7:8080')).toEqual(at('KUBE-SEP-GKIF', 0));
    expect(spotHolding(picture, 'KUBE-EXT-NEXWZWH5PGMW4KIO')).toEqual(at('KUBE-EXT', 0));
    expect(spotHolding(picture, 'nowhere')).toBeUndefined();
  });
});
