/*
 * Which readers take more than in proportion longer for a longer text. Fuzzers do not find that, as their texts are
 * short: here a piece is repeated within a frame. Prints what grows, and ends with 1 then; a machine that is busy
 * makes no difference, since the CPU's time counts.
 */

import { ENDPOINT_SLICES, ownNode, SERVICES, type Resource } from '../../../src/cluster/api/resource.ts';
import { readManifests } from '../../../src/cluster/manifests.ts';
import { readConfig } from '../../../src/config/load.ts';
import { graphOfSave } from '../../../src/graph/save-text.ts';
import { ourParts } from '../../../src/inspect/check/our-part.ts';
import { structureFaults } from '../../../src/inspect/check/structure.ts';
import { programOfSave } from '../../../src/inspect/program.ts';
import { SaveError } from '../../../src/inspect/save-reader.ts';
import { decoded, itemsOf } from '../decoded.ts';
import { usedOrRefused } from '../used-or-refused.ts';

interface Subject {
  readonly read: (text: string) => void;
  /** What stands before and after. */
  readonly frames: readonly (readonly [before: string, after: string])[];
  readonly pieces: readonly string[];
}

const CONFIGURATION = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';
const YAML_PIECES = [
  ...[
    '[',
    '{',
    '- ',
    '? ',
    'a: ',
    '"',
    "'",
    '\\',
    '&a ',
    '*a ',
    '!a ',
    '|',
    '>',
    '#',
    '\n',
    '\r',
    '%',
    ',',
    ':',
  ],
  ...[
    ' ',
    '\t',
    'a',
    '0',
    '1.',
    '{a: ',
    '[a, ',
    'a: 1\n',
    ' \n',
    '- a\n',
    '? a\n',
    'a: &a\n',
    'a\n ',
    '|\n ',
    '# a\n',
  ],
  ...['---\n', '...\n', '1m', '=1,', '10.0.0.0/8,', '{port: 1},'],
];
const SERVICE =
  '{"type":"ADDED","object":{"metadata":{"name":"a","namespace":"b"},"spec":{"clusterIP":"10.0.0.1"';
const SLICE =
  '{"type":"ADDED","object":{"metadata":{"name":"a","labels":{"kubernetes.io/service-name":"x"}},"addressType":"IPv4"';

const SUBJECTS: Readonly<Record<string, Subject>> = {
  'saved rules': {
    read: readRules,
    frames: [
      ['', ''],
      ['*nat\n:KUBE-A - [0:0]\n', 'COMMIT\n'],
      ['*nat\n:KUBE-A - [0:0]\n-A KUBE-A ', '\nCOMMIT\n'],
      ['*nat\n:KUBE-A - [0:0]\n-A KUBE-A -m comment --comment "', '\nCOMMIT\n'],
    ],
    pieces: [
      ...[
        '"',
        '\\',
        '\\"',
        'a',
        ' ',
        '\t',
        '\n',
        '! ',
        '-s ',
        '-m ',
        '-m tcp ',
        '--comment ',
        '--dport 1 ',
        '-j ',
        '1,',
      ],
      ...[
        '-A KUBE-A -j RETURN\n',
        '[1:1] -A KUBE-A -m comment --comment "\n',
        ':KUBE-A -\n',
        '*nat\nCOMMIT\n',
        '[0:0] ',
      ],
    ],
  },
  configuration: {
    read: (text) => usedOrRefused(() => readConfig({ file: { name: 'config.yaml', text }, flags: {} })),
    frames: [
      ['', ''],
      [CONFIGURATION, ''],
      [`${CONFIGURATION}featureGates: `, ''],
      [`${CONFIGURATION}clusterCIDR: "`, '"'],
    ],
    pieces: YAML_PIECES,
  },
  manifests: {
    read: (text) => usedOrRefused(() => readManifests([{ name: 'web.yaml', text }])),
    frames: [
      ['', ''],
      ['apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: ', ''],
      ['apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [', '{port: 1}]}'],
    ],
    pieces: YAML_PIECES,
  },
  watch: {
    read: readWatch,
    frames: [
      ['', ''],
      ['{"type":"ADDED","object":', ''],
      [`${SERVICE},"ports":[`, '{}]}}}\n'],
      [`${SERVICE},"externalIPs":[`, '1]}}}\n'],
      [`${SLICE},"endpoints":[`, '{}]}}\n'],
      ['{"items":[', '{}]}'],
    ],
    pieces: [
      ...[
        '[',
        '{',
        '"',
        '\\',
        'a',
        '\n',
        '{"a":',
        '[1,',
        '{},',
        '1,',
        '"a",',
        '{"port":1},',
        '{"port":80,"name":"a"},',
      ],
      ...['{"addresses":["10.0.0.1"]},', '{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n'],
    ],
  },
};

function readRules(text: string): void {
  const lines = text.split('\n');
  ourParts(lines);
  graphOfSave(lines, 'ipv4');
  try {
    structureFaults(programOfSave(lines, 'ipv4'));
  } catch (error) {
    if (!(error instanceof SaveError)) throw error;
  }
}

function readWatch(text: string): void {
  const resources = [SERVICES, ENDPOINT_SLICES, ownNode('node-a')] as readonly Resource<unknown>[];
  for (const resource of resources) decoded(resource, [Buffer.from(text)]);
  itemsOf([Buffer.from(text)]);
}

const SIZES = [30_000, 120_000] as const;
/** Four times the text may take ten times as long: sets grow, and memory is collected. */
const MOST_GROWTH = 10;
/** Milliseconds; less is lost among all else. */
const NOTABLE = 400;

/** Milliseconds of the CPU. */
function cost(read: () => void): number {
  const before = process.cpuUsage();
  read();
  return process.cpuUsage(before).user / 1000;
}

let found = false;
for (const [name, { read, frames, pieces }] of Object.entries(SUBJECTS)) {
  for (const [before, after] of frames) {
    for (const piece of pieces) {
      const costs = SIZES.map((size) =>
        cost(() => read(before + piece.repeat(Math.ceil(size / piece.length)) + after)),
      );
      const [short = 0, long = 0] = costs;
      if (long < NOTABLE || long / short < MOST_GROWTH) continue;
      found = true;
      const what = `${JSON.stringify(piece)} repeated after ${JSON.stringify(before.slice(-40))}`;
      process.stdout.write(`${name}: ${what}: ${short.toFixed(0)} ms, then ${long.toFixed(0)} ms\n`);
    }
  }
  process.stdout.write(`${name}: ${frames.length * pieces.length} texts read\n`);
}
process.exitCode = found ? 1 : 0;
