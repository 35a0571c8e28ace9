import { describe, expect, it } from 'vitest';
import type { WayEntry } from '../../../src/explain/schema.ts';
import { explainText } from '../../../src/explain/text.ts';
import { ask, endpoint, NODE, NODE_A, NODE_B, shop, slice, to } from './building.ts';

const NODES = [NODE_A, NODE_B];
const chains = (way: WayEntry | undefined): readonly string[] =>
  (way?.before ?? []).map(({ chain }) => chain);

describe('the path', () => {
  it('tells what all connections share once, then who gets which part, then what they share again', () => {
    const [way] = ask({ objects: [...NODES, shop(), slice()] }, to(NODE, 30080)).ways;
    expect(chains(way).map((chain) => chain.replace(/-[A-Z0-9]{16}$/, ''))).toEqual([
      'PREROUTING',
      'KUBE-SERVICES',
      'KUBE-NODEPORTS',
      'KUBE-EXT',
      'KUBE-MARK-MASQ',
      'KUBE-EXT',
    ]);
    expect(
      way?.branches.map(({ share, outcome, address, port, node, masqueraded }) => [
        share,
        outcome,
        address,
        port,
        node,
        masqueraded,
      ]),
    ).toEqual([
      [0.5, 'endpoint', '10.244.1.10', 8080, 'node-a', true],
      [0.5, 'endpoint', '10.244.2.10', 8080, 'node-b', true],
    ]);
    expect(way?.after.at(-1)).toMatchObject({
      table: 'nat',
      chain: 'KUBE-POSTROUTING',
      words: 'source becomes the address of the node',
    });
  });

  it('has every rule by its number and its text', () => {
    const [way] = ask({ objects: [...NODES, shop(), slice()] }, to(NODE, 30080)).ways;
    expect(way?.before[1]).toMatchObject({ table: 'nat', chain: 'KUBE-SERVICES' });
    expect(way?.before[1]?.text).toContain('--dst-type LOCAL -j KUBE-NODEPORTS');
    expect(way?.branches[0]?.steps.at(-1)?.text).toContain('-j DNAT --to-destination 10.244.1.10:8080');
  });

  it('ends at a policy, which is no rule', () => {
    const setUp = {
      objects: [...NODES, shop({ spec: { externalTrafficPolicy: 'Local' } }), slice()],
      found: (made: string) => made.replace(':FORWARD ACCEPT', ':FORWARD DROP'),
    };
    const [way] = ask(setUp, to(NODE, 30080)).ways;
    expect(way?.before.at(-1)).toEqual({
      table: 'filter',
      chain: 'FORWARD',
      rule: null,
      text: '-P FORWARD DROP',
      words: 'the policy of FORWARD decides: -P FORWARD DROP',
    });
  });

  it('shares of many endpoints add up', () => {
    const endpoints = Array.from({ length: 40 }, (_, index) => endpoint(`10.244.2.${index + 1}`, 'node-b'));
    for (const layout of ['classic', 'indexed'] as const) {
      const [way] = ask({ objects: [...NODES, shop(), slice({ endpoints })], layout }, to(NODE, 30080)).ways;
      expect(way?.branches).toHaveLength(40);
      expect(way?.branches.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(way?.branches.every(({ share }) => Math.abs(share - 1 / 40) < 1e-7)).toBe(true);
    }
  });
});

describe('the text', () => {
  const plain = (_: string, text: string): string => text;

  it('says where it goes, how likely, and what to know', () => {
    const { ways, findings } = ask({ objects: [...NODES, shop(), slice()] }, to(NODE, 30080));
    const text = explainText(
      { node: 'node-a', rulesOf: '', question: '', verdict: 'through', findings, ways },
      plain,
    );
    const lines = text.split('\n');
    expect(lines[0]).toBe(
      'tcp from outside (198.51.100.77) to 192.168.77.10:30080, node port of web/shop:http',
    );
    expect(
      lines.filter((line) => /^ {4}50 %/.test(line)).map((line) => line.replace(/ {2}KUBE.*/, '')),
    ).toEqual([
      '    50 %  to 10.244.1.10:8080 (on node-a, masqueraded)',
      '    50 %  to 10.244.2.10:8080 (on node-b, masqueraded)',
    ]);
    expect(lines).toContain('  gets through');
    expect(lines.at(-3)).toMatch(/^ {2}note: endpoints see the address of this node, not the client/);
    expect(lines.at(-2)).toMatch(/^ {4}to change it: externalTrafficPolicy: Local/);
  });

  it('says what is wrong, and what mends it', () => {
    const { ways, findings } = ask({ objects: [...NODES, shop()] }, to(NODE, 30080));
    const text = explainText(
      { node: 'node-a', rulesOf: '', question: '', verdict: 'blocked', findings, ways },
      plain,
    );
    expect(text).toMatch(
      /\n {2}does not get through: refused\n {2}cause: no EndpointSlice .*\n {4}remedy: compare/,
    );
  });

  it('counts what would fill the screen', () => {
    const endpoints = Array.from({ length: 40 }, (_, index) => endpoint(`10.244.2.${index + 1}`, 'node-b'));
    const { ways } = ask({ objects: [...NODES, shop(), slice({ endpoints })] }, to(NODE, 30080));
    const text = explainText(
      { node: '', rulesOf: '', question: '', verdict: 'through', findings: [], ways },
      plain,
    );
    expect(text).toContain('    and 28 more\n');
  });
});
