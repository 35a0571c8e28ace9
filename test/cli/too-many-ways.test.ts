import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../support/cases.ts';
import { HALF, waysBy } from '../support/many-ways.ts';
import { chainwright } from './chainwright.ts';

const MANIFESTS = [
  '-f',
  join(ROOT, 'manifests/examples/webapp1-nodeport.yaml'),
  '--hostname-override',
  'node-a',
];

/** Forty chains, each of which leads to the next one twice: more ways than a computer can count. */
const DUMP = [
  '*nat',
  ':KUBE-SERVICES - [0:0]',
  ...waysBy([`${HALF} -j`, `${HALF} -j`], 40),
  '-A PREROUTING -j KUBE-SERVICES',
  '-A OUTPUT -j KUBE-SERVICES',
  '-A KUBE-SERVICES -d 10.103.188.73/32 -p tcp -m comment --comment "default/webapp1-nodeport-svc cluster IP" -m tcp --dport 80 -j KUBE-WAY-0',
  'COMMIT',
  '',
].join('\n');

it.each([
  ['check', ['check', '--rules', '-', ...MANIFESTS]],
  ['explain of a service', ['explain', 'default/webapp1-nodeport-svc', '--rules', '-', ...MANIFESTS]],
  ['explain of a packet', ['explain', '--to', '10.103.188.73:80', '--rules', '-']],
  ['diff', ['diff', '--from', 'rules:-', '--to', ...MANIFESTS.slice(1)]],
])('%s gives rules up that lead on without end, and says where', async (_, args) => {
  const { exitCode, stdout, stderr } = await chainwright(args, DUMP);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(
    /^error: table nat, chain KUBE-WAY-\d+, rule [12]: after 5,000,000 steps one packet is not through: /m,
  );
});

it.each([
  ['check', ['check', '--rules', '-']],
  ['graph', ['graph', '--rules', '-', '--output', 'dot', '--out', '/dev/null']],
])('%s sends no packets, and reads them', async (_, args) => {
  expect((await chainwright(args, DUMP)).stderr).not.toContain('error:');
});
