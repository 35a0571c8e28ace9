import { describe, expect, it } from 'vitest';
import { withCounters } from '../../../src/graph/of-ruleset.ts';
import { nodePicture } from '../../../src/graph/node-picture.ts';
import type { Picture } from '../../../src/graph/picture.ts';
import { ruleFacts } from '../../../src/graph/rule-facts.ts';
import { chainKey, type RuleGraph } from '../../../src/graph/rule-graph.ts';
import { graphOfSave, saveLines } from '../../../src/graph/save-text.ts';
import { chainPicture, servicePicture } from '../../../src/graph/service-picture.ts';
import { dispatchOf } from '../../../src/graph/services.ts';
import { caseNamed, CASES, graphOfCase, LIMITS, outline, pictureOf } from './drawing.ts';

/** How much of what comes to one address each endpoint gets, by all ways of a picture. */
function sharesOfEndpoints(graph: RuleGraph, { cards, edges }: Picture): readonly number[] {
  const shares = new Map<string, number>();
  for (const { id, rows } of cards) {
    const arriving = edges.filter(({ to, conditional }) => to === id && !conditional);
    for (const { place } of rows) {
      const rule = place === undefined ? undefined : graph.chains.get(place.chain)?.rules[place.index];
      const endpoint = rule === undefined ? undefined : ruleFacts(rule.text).endpoint;
      if (endpoint === undefined) continue;
      const folded = edges
        .filter(({ from, conditional }) => from === id && !conditional)
        .reduce((sum, { reach }) => sum + reach, 0);
      shares.set(endpoint, Math.max(0, ...arriving.map(({ reach }) => reach)) - folded);
    }
  }
  return [...shares.values()];
}

describe('the picture of a service', () => {
  it('leads from the kernel to the endpoints, with what reaches each', () => {
    const graph = graphOfCase(caseNamed('nodeport/external-policy-local'));
    expect(outline(pictureOf(graph, 'default/local'))).toEqual([
      'PREROUTING',
      '  service portals => KUBE-SERVICES 1',
      'OUTPUT',
      '  service portals => KUBE-SERVICES 1',
      'KUBE-SERVICES',
      '  cluster IP 10.96.11.4:80/tcp => KUBE-SVC-NEXWZWH5PGMW4KIO 1',
      '  to an address of this node => KUBE-NODEPORTS 1',
      '  + 1 other rule',
      'KUBE-NODEPORTS',
      '  node port 31100/tcp => KUBE-EXT-NEXWZWH5PGMW4KIO 1',
      'KUBE-EXT-NEXWZWH5PGMW4KIO',
      '  from 10.244.0.0/16 => KUBE-SVC-NEXWZWH5PGMW4KIO ?',
      '  from this node: masquerade',
      '  from this node => KUBE-SVC-NEXWZWH5PGMW4KIO ?',
      '  everything else => KUBE-SVL-NEXWZWH5PGMW4KIO 1',
      'KUBE-SVC-NEXWZWH5PGMW4KIO',
      '  not from 10.244.0.0/16: masquerade',
      '  10.244.1.5:8080 (50 %) => KUBE-SEP-MCKWCNJ7YUPV5DNJ 0.5',
      '  10.244.2.7:8080 (50 %) => KUBE-SEP-GKIF5VFBPEXKJWFL 0.5',
      'KUBE-SEP-GKIF5VFBPEXKJWFL',
      '  from itself: masquerade',
      '  to 10.244.2.7:8080',
      'KUBE-SVL-NEXWZWH5PGMW4KIO',
      '  10.244.1.5:8080 => KUBE-SEP-MCKWCNJ7YUPV5DNJ 1',
      'KUBE-SEP-MCKWCNJ7YUPV5DNJ',
      '  from itself: masquerade',
      '  to 10.244.1.5:8080',
    ]);
  });

  it('tells session affinity', () => {
    const lines = outline(
      pictureOf(graphOfCase(caseNamed('nodeport/session-affinity')), 'default/sticky-np'),
    );
    expect(lines).toContain('  10.244.1.5:8080, seen within 3 h => KUBE-SEP-MNLHEBJGQX3HKPMF ?');
    expect(lines).toContain('  to 10.244.1.5:8080, remember');
  });

  it('tells refusal, which is decided in the filter table', () => {
    const lines = outline(pictureOf(graphOfCase(caseNamed('nodeport/no-endpoints')), 'default/empty'));
    expect(lines).toContain('  10.96.11.5:80/tcp: refuse');
    expect(lines).toContain('  node port 31200/tcp: refuse');
    expect(lines.filter((line) => !line.startsWith(' '))).toEqual([
      'FORWARD',
      'OUTPUT',
      'KUBE-SERVICES',
      'INPUT',
      'KUBE-EXTERNAL-SERVICES',
    ]);
  });

  it.each(['classic', 'indexed'] as const)('deals all out, to each endpoint its share: %s', (layout) => {
    for (const [name, service, endpoints] of [
      ['clusterip/ten-endpoints', 'default/ten', 10],
      ['clusterip/hundred-endpoints-two-slices', 'default/hundred', 100],
    ] as const) {
      const graph = graphOfCase(caseNamed(name), 'ipv4', layout);
      const shares = sharesOfEndpoints(graph, pictureOf(graph, service));
      expect(shares).toHaveLength(endpoints);
      for (const share of shares) expect(share).toBeCloseTo(1 / endpoints, 6);
    }
  });

  it('shows no chain that nothing shown leads to', () => {
    const graph = graphOfCase(caseNamed('clusterip/hundred-endpoints-two-slices'));
    const dispatch = dispatchOf(graph);
    const service = dispatch.services.get('default/hundred');
    if (service === undefined) throw new Error('no such service');
    const { cards } = servicePicture(graph, dispatch, service, { ...LIMITS, mostRows: 12 });
    // PREROUTING, OUTPUT, KUBE-SERVICES and the service's own; the first of its rules masquerades.
    expect(cards).toHaveLength(4 + 11);
    expect(cards.map(({ leftOut }) => leftOut)).toContain('89 more rules, 89 %');
  });

  it.each(CASES)('has every card reached, and none twice: $name', (folder) => {
    for (const layout of ['classic', 'indexed'] as const) {
      const graph = graphOfCase(folder, 'ipv4', layout);
      for (const name of dispatchOf(graph).services.keys()) {
        const { cards, edges } = pictureOf(graph, name);
        const reached = new Set(edges.map(({ to }) => to));
        expect(new Set(cards.map(({ id }) => id)).size).toBe(cards.length);
        // No rule need lead to node ports: --nodeport-addresses may leave none.
        const must = cards.filter(({ tone }) => tone === 'service' || tone === 'endpoint');
        expect(must.filter(({ id }) => !reached.has(id))).toEqual([]);
        for (const { reach } of edges) expect(reach).toBeGreaterThan(0);
        for (const { reach } of edges) expect(reach).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe('the picture of a node', () => {
  it('has every chain of ours while they are few', () => {
    const graph = graphOfCase(caseNamed('nodeport/multi-port-31000-31001'));
    const { cards } = nodePicture(graph, dispatchOf(graph), 'node-a', LIMITS);
    const drawn = cards.map(({ chain }) => chain).sort();
    const all = [...graph.chains.keys()].filter((key) => key !== chainKey('nat', 'KUBE-MARK-MASQ'));
    expect(drawn).toEqual(all.sort());
  });

  it('has services rather than chains where those are many, and namespaces where services are', () => {
    const graph = graphOfCase(caseNamed('nodeport/external-policy-local'));
    const picture = (mostRows: number) =>
      nodePicture(graph, dispatchOf(graph), 'node-a', { mostRows, mostCards: 5 });
    expect(outline(picture(2))).toEqual(
      expect.arrayContaining([
        '  default/local => default/local 1',
        '  to an address of this node => KUBE-NODEPORTS 1',
        '  2 ways in',
      ]),
    );
    const byNamespace = picture(1).cards.flatMap(({ rows }) => rows);
    expect(byNamespace.filter(({ opens }) => opens?.kind === 'namespace')).toEqual([
      expect.objectContaining({ words: 'default', aside: '2 rules' }),
      expect.objectContaining({ words: 'default', aside: '1 rule' }),
    ]);
  });

  it('is drawn of a damaged dump with a loop', () => {
    const lines = [
      '*nat',
      '-A PREROUTING -j KUBE-SERVICES',
      '-A KUBE-SERVICES -j KUBE-A',
      '-A KUBE-A -j KUBE-SERVICES',
    ];
    const graph = graphOfSave(lines, 'ipv4');
    const { cards, edges } = nodePicture(graph, dispatchOf(graph), '', LIMITS);
    expect(cards.map(({ title }) => title)).toEqual(['PREROUTING', 'KUBE-SERVICES', 'KUBE-A']);
    expect(edges).toHaveLength(2);
  });

  it('is drawn of a damaged dump in which 20,000 chains lead to each other', () => {
    const chains = Array.from({ length: 20_000 }, (_, index) => `KUBE-${index}`);
    const jumps = chains.map((chain, index) => `-A ${chains[index - 1] ?? 'KUBE-SERVICES'} -j ${chain}`);
    const first = ['*nat', ...chains.map((chain) => `:${chain} - [0:0]`), '-A PREROUTING -j KUBE-SERVICES'];
    const graph = graphOfSave([...first, ...jumps], 'ipv4');
    const everything = { ...LIMITS, mostCards: Infinity };
    const { cards } = nodePicture(graph, dispatchOf(graph), '', everything);
    expect(cards.map(({ title }) => title)).toEqual(['PREROUTING', 'KUBE-SERVICES', ...chains]);
  });
});

describe('the picture of a chain', () => {
  it('has who leads there and where it leads', () => {
    const graph = graphOfCase(caseNamed('nodeport/external-policy-local'));
    const picture = chainPicture(graph, dispatchOf(graph), chainKey('nat', 'KUBE-NODEPORTS'), LIMITS);
    expect(picture.cards.map(({ title }) => title)).toEqual([
      'PREROUTING',
      'OUTPUT',
      'KUBE-SERVICES',
      'KUBE-NODEPORTS',
      'KUBE-EXT-NEXWZWH5PGMW4KIO',
    ]);
  });
});

describe('counters', () => {
  it('are those of the same rule in the kernel', () => {
    const graph = graphOfCase(caseNamed('nodeport/external-policy-local'));
    const counted = [...saveLines(graph)]
      .filter((line) => !line.includes('KUBE-SEP-'))
      .map((line) => line.replace(/^-A /, '[1234:5] -A '));
    const kernel = graphOfSave(counted, 'ipv4');
    const lines = outline(pictureOf(withCounters(graph, kernel), 'default/local'));
    expect(lines).toContain('  cluster IP 10.96.11.4:80/tcp (1,234) => KUBE-SVC-NEXWZWH5PGMW4KIO 1');
    // A rule that the kernel does not have has no counter.
    expect(lines).toContain('  to 10.244.1.5:8080');
  });
});
