import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LayoutName } from '../../src/chains/layout-choice.ts';
import type { Scene } from '../../src/routing/scene.ts';
import type { FlagValues } from '../../src/config/flags.ts';
import type { Rules } from '../../src/explain/situation-of-node.ts';
import type { BackendKind } from '../../src/iptables/backend.ts';
import type { Check } from '../../src/lab/checks.ts';
import { startLab, type Lab, type LabRequest } from '../../src/lab/lab.ts';
import { play } from '../../src/lab/play.ts';
import type { SpokenProtocol } from '../../src/lab/protocol.ts';
import type { Verdict } from '../../src/lab/verdict.ts';
import { familyOf } from '../../src/net/address.ts';
import { places as placesOf, sources as sourcesOf } from './lab/outcomes.ts';
import { dumpsOf, prediction, wayOf, type Dumps } from './lab/predicted.ts';
import { CLIENT_V4, CLIENT_V6, EXAMPLES, loadExample, NODE_V4, NODE_V6 } from './lab/scenes.ts';

type Answer = readonly [
  from: LabRequest['from'],
  to: readonly [address: string, port: number, protocol?: SpokenProtocol],
  /** Endpoints, or how it fails; which one of them is left to chance where a client keeps its endpoint. */
  places: readonly string[] | 'one of them',
  /** What endpoints see. */
  sources: readonly string[],
];

interface Topic {
  readonly file: string;
  readonly flags?: FlagValues;
  readonly backend: BackendKind;
  readonly layout: LayoutName;
  /** What the worked answer says in words; the ways into services are all held against `explain` besides. */
  readonly answers: readonly Answer[];
}

const POD_NETWORK = { 'cluster-cidr': ['10.244.0.0/16'] };
const LB = '198.51.100.60';
const GATE = '198.51.100.50';

const TOPICS: readonly Topic[] = [
  {
    file: 'webapp1-nodeport.yaml',
    backend: 'legacy',
    layout: 'classic',
    answers: [['outside', [NODE_V4, 30080], ['10.32.0.3:80', '10.32.0.5:80'], [NODE_V4]]],
  },
  {
    file: 'several-ports.yaml',
    backend: 'nft',
    layout: 'classic',
    answers: [
      ['outside', [NODE_V4, 31000], ['10.244.1.61:8080', '10.244.2.61:8080'], [NODE_V4]],
      ['outside', [NODE_V4, 31001], ['10.244.1.61:9100', '10.244.2.61:9100'], [NODE_V4]],
    ],
  },
  {
    file: 'automatic-port.yaml',
    backend: 'legacy',
    layout: 'indexed',
    answers: [
      ['outside', ['10.96.62.1', 80], ['10.244.1.62:8080'], [CLIENT_V4]],
      ['outside', [NODE_V4, 80], ['refused'], []],
    ],
  },
  {
    file: 'local-policy.yaml',
    flags: POD_NETWORK,
    backend: 'nft',
    layout: 'indexed',
    answers: [
      ['outside', [NODE_V4, 30090], ['10.244.1.20:8080'], [CLIENT_V4]],
      ['node', [NODE_V4, 30090], ['10.244.1.20:8080', '10.244.2.20:8080'], [NODE_V4]],
      ['outside', [NODE_V4, 30091], ['timeout'], []],
      ['node', [NODE_V4, 30091], ['10.244.2.21:8080'], [NODE_V4]],
    ],
  },
  {
    file: 'load-balancer.yaml',
    flags: POD_NETWORK,
    backend: 'legacy',
    layout: 'classic',
    answers: [
      ['outside', [LB, 80], ['10.244.1.63:8080'], [CLIENT_V4]],
      ['outside', [NODE_V4, 30180], ['10.244.1.63:8080'], [CLIENT_V4]],
      // Itself by way of the node, another one as what it is.
      ['pod:10.244.1.63', [LB, 80], ['10.244.1.63:8080', '10.244.2.63:8080'], ['10.244.1.63', NODE_V4]],
    ],
  },
  {
    file: 'load-balancer-source-ranges.yaml',
    backend: 'nft',
    layout: 'classic',
    answers: [
      ['outside', [GATE, 443], ['timeout'], []],
      ['node', [GATE, 443], ['timeout'], []],
      ['pod:10.244.1.50', [GATE, 443], ['10.244.1.50:8443', '10.244.2.50:8443'], [NODE_V4]],
      ['outside', [NODE_V4, 30443], ['10.244.1.50:8443', '10.244.2.50:8443'], [NODE_V4]],
    ],
  },
  {
    file: 'ingress.yaml',
    backend: 'legacy',
    layout: 'indexed',
    answers: [
      ['outside', [NODE_V4, 30088], ['10.244.1.60:8080'], [CLIENT_V4]],
      ['pod:10.244.1.60', ['10.96.60.2', 80], ['10.244.1.160:8080', '10.244.2.160:8080'], ['10.244.1.60']],
    ],
  },
  {
    file: 'session-affinity.yaml',
    backend: 'nft',
    layout: 'indexed',
    answers: [['outside', [NODE_V4, 30100], 'one of them', [NODE_V4]]],
  },
  {
    file: 'dual-stack.yaml',
    backend: 'legacy',
    layout: 'classic',
    answers: [
      ['outside', [NODE_V4, 30053, 'udp'], ['10.244.1.40:5353', '10.244.2.40:5353'], [NODE_V4]],
      [
        'outside',
        [NODE_V6, 30053, 'udp'],
        ['[fd00:10:244:1::40]:5353', '[fd00:10:244:2::40]:5353'],
        [NODE_V6],
      ],
      [
        'outside',
        ['fd00:10:96::4001', 53],
        ['[fd00:10:244:1::40]:5353', '[fd00:10:244:2::40]:5353'],
        [CLIENT_V6],
      ],
    ],
  },
];

it('every example is played', async () => {
  const files = (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml'));
  // The one is what nginx reads, in the test of its own.
  expect(files.filter((name) => name !== 'ingress-nginx.yaml').sort()).toEqual(
    TOPICS.map(({ file }) => file).sort(),
  );
});

describe.each(TOPICS)('$file in $backend, $layout layout', ({ file, flags, backend, layout, answers }) => {
  const made: Rules = { kind: 'made', layout: { name: layout, comments: 'auto' } };
  let scene: Scene;
  let lab: Lab;
  let dumps: Dumps;
  let verdicts: readonly Verdict[];
  beforeAll(async () => {
    scene = await loadExample(file, flags);
    lab = await startLab(scene, { backend, layout: made.layout });
    dumps = await dumpsOf(lab);
    verdicts = await play(lab, 40);
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  it('does what its services promise', () => {
    expect(verdicts.length).toBeGreaterThan(2);
    expect(verdicts.flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  it('does what its answer says', async () => {
    for (const [from, [address, port, protocol = 'tcp'], places, sources] of answers) {
      const to = { address, port, protocol };
      const often = sources.length > 0 ? { count: 40, timeout: 3_000 } : { count: 3, timeout: 1_500 };
      const outcomes = await lab.request({ from, to, ...often });
      const about = `${from} to ${address} port ${port}`;
      if (places === 'one of them') expect(placesOf(outcomes), about).toHaveLength(1);
      else expect(placesOf(outcomes), about).toEqual(places);
      expect(sourcesOf(outcomes), about).toEqual(sources);
    }
  });

  it.each(['made', 'dumped'])('is explained as packets go, by rules %s', (which) => {
    for (const verdict of verdicts) {
      const { check } = verdict;
      const { address, port } = check.destination;
      const rules = which === 'made' ? made : dumps[familyOf(address)];
      const to = { address, port, protocol: check.protocol };
      const foretold = prediction(wayOf(scene, rules, fromOf(check), to));
      const seen = seenBy(verdict);
      const about = JSON.stringify([check.source, check.destination]);
      if (check.expectation.kind === 'arrives' && check.expectation.sticky) {
        expect(seen.places, about).toHaveLength(1);
        expect(foretold.places, about).toEqual(expect.arrayContaining([...seen.places]));
        expect(foretold.sources, about).toEqual(expect.arrayContaining([...seen.sources]));
      } else expect(foretold, about).toEqual(seen);
    }
  });
});

function fromOf({ source: { kind, address } }: Check): LabRequest['from'] {
  return kind === 'node' ? 'node' : `${kind}:${address}`;
}

function seenBy({ sightings }: Verdict) {
  const seen = sightings.filter(({ count }) => count > 0);
  return {
    places: seen.map(({ at }) => at).sort(),
    sources: [...new Set(seen.flatMap(({ sources }) => sources))].sort(),
  };
}
