import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { diffReportSchema } from '../../src/diff/schema.ts';
import { chainwright } from './chainwright.ts';

const EXAMPLE = 'manifests/examples/webapp1-nodeport.yaml';
const NODE = ['--hostname-override', 'node-a'];
const SERVICE = 'default/webapp1-nodeport-svc';

let directory: string;
let changed: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-diff-'));
  changed = join(directory, 'web.yaml');
  const text = await readFile(EXAMPLE, 'utf8');
  const more = text.trimEnd().concat('\n  - { addresses: [10.32.0.9], nodeName: node-b }\n');
  expect(text).toContain('type: NodePort');
  await writeFile(changed, more.replace('type: NodePort', 'type: NodePort\n  externalTrafficPolicy: Local'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('diff', () => {
  it('ends with 0 where both mean the same, whatever the layout of the rules', async () => {
    const { stdout: rules } = await chainwright(['render', '-f', EXAMPLE, ...NODE, '--layout', 'indexed']);
    const path = join(directory, 'node.rules');
    await writeFile(path, rules);
    const same = await chainwright([
      'diff',
      '--from',
      EXAMPLE,
      '--to',
      `rules:${path}`,
      ...NODE,
      '--layout',
      'classic',
    ]);
    expect(same).toEqual({ exitCode: 0, stdout: 'No difference.', stderr: '' });
    const shown = await chainwright([
      ...['diff', '--from', EXAMPLE, '--to', `rules:${path}`, ...NODE, '--layout', 'classic', '--rules'],
    ]);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain('@@');
    expect(shown.stdout).toMatch(/The rules differ, and mean the same\.$/);
  });

  it('ends with 1 and tells what differs, by service', async () => {
    const { exitCode, stdout, stderr } = await chainwright([
      'diff',
      '--from',
      EXAMPLE,
      '--to',
      changed,
      ...NODE,
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(SERVICE);
    expect(lines).toContain('  cluster IP 10.103.188.73:80/TCP: 2 -> 3 endpoints, 1/2 -> 1/3 each');
    expect(lines).toContain('      + 10.32.0.9:80');
    expect(lines).toContain(
      '  NodePort 30080/TCP: external traffic policy Local: nodes without a local endpoint will drop',
    );
    expect(lines.at(-1)).toBe('1 service differs: 1 changed.');
  });

  it('prints JSON of the published shape', async () => {
    const { stdout } = await chainwright([
      ...['diff', '--from', EXAMPLE, '--to', changed, ...NODE, '--rules', '--output', 'json'],
    ]);
    const report = z.parse(diffReportSchema, JSON.parse(stdout));
    expect(report).toMatchObject({
      from: EXAMPLE,
      to: changed,
      same: false,
      services: [{ service: SERVICE }],
    });
    expect(report.rules?.map(({ family }) => family)).toEqual(['ipv4']);
    const entry = report.services[0]?.entries[0];
    expect(entry?.after?.ways.pod.endpoints.map(({ share }) => share)).toEqual(['1/3', '1/3', '1/3']);
  });

  it('annotates a pull request at the Service', async () => {
    const { stdout } = await chainwright([
      'diff',
      '--from',
      EXAMPLE,
      '--to',
      changed,
      ...NODE,
      '--output',
      'github',
    ]);
    const line = (await readFile(changed, 'utf8')).split('\n').indexOf('  name: webapp1-nodeport-svc') + 1;
    expect(stdout.split('\n')[0]).toContain(`::warning file=${changed},line=${line},title=${SERVICE}::`);
    expect(stdout).toContain('%0A');
  });

  it('makes a comment in markdown, with the rules folded up', async () => {
    const { stdout } = await chainwright([
      ...['diff', '--from', EXAMPLE, '--to', changed, ...NODE, '--rules', '--output', 'markdown'],
    ]);
    expect(stdout).toContain(`- **${SERVICE}**`);
    expect(stdout).toMatch(/<details><summary>Rules<\/summary>\n\n```diff\n--- /);
  });

  it.each([
    [['--from', EXAMPLE, '--to', '/nowhere.yaml'], '/nowhere.yaml: no such file or directory'],
    [['--from', EXAMPLE, '--to', 'rules:README.md'], 'README.md: '],
    [['--from', '-', '--to', 'rules:-'], '--from, --to, -f: expected one of them on standard input, got 2'],
    [
      ['--from', 'kernel', '--from', EXAMPLE, '--to', EXAMPLE],
      '--from: expected cluster, kernel or rules:FILE alone',
    ],
    [['--from', EXAMPLE], "required option '--to <state>' not specified"],
    [['--form', EXAMPLE, '--to', EXAMPLE], "unknown option '--form' (did you mean --from?)"],
  ])('%j ends with 2, since 1 is for what was found', async (args, message) => {
    const { exitCode, stdout, stderr } = await chainwright(['diff', ...args, ...NODE]);
    expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`error: ${message}`);
  });
});
