import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { checkReportSchema } from '../../src/inspect/check/schema.ts';
import { RULE_BOOK } from '../support/cases.ts';
import { chainwright } from './chainwright.ts';

const CASE = join(RULE_BOOK, 'nodeport/webapp1-two-replicas');
const MANIFESTS = ['-f', join(CASE, 'cluster.yaml'), '--config', join(CASE, 'config.yaml')];
const DUMP = join(CASE, 'expected.v4.rules');

const check = (args: readonly string[], input = '') => chainwright(['check', ...args], input);

/** kube-proxy's rules with a mistake. */
async function spoiled(pattern: RegExp | string, by: string): Promise<string> {
  const text = await readFile(DUMP, 'utf8');
  const changed = text.replace(pattern, by);
  expect(changed).not.toBe(text);
  return changed;
}

describe('chainwright check on manifests', () => {
  it.each(['auto', 'classic', 'indexed'])('proves what render prints, %s', async (layout) => {
    const { exitCode, stdout, stderr } = await check([
      ...MANIFESTS,
      '--layout',
      layout,
      '--comments',
      'never',
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(
      new RegExp(
        `^ipv4, layout ${layout}: \\d+ chains, \\d+ rules; \\d+ service ports, \\d+ packets tried; nothing wrong$`,
      ),
    );
    expect(lines.at(-1)).toBe('Proven: the rules do what the services want.');
  });

  it('proves rules of others, and says what it has not seen', async () => {
    const { exitCode, stdout, stderr } = await check([...MANIFESTS, '--rules', DUMP]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Proven: the rules do what the services want.');
    expect(stderr === '' || stderr.includes('holds no ipv6 rules')).toBe(true);
  });

  it('tells what goes wrong, for whom, and by which rule', async () => {
    const input = await spoiled('--probability 0.50000000000', '--probability 0.60000000000');
    const { exitCode, stdout } = await check([...MANIFESTS, '--family', 'ipv4', '--rules', '-'], input);
    expect(exitCode).toBe(1);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('WRONG shares: default/webapp1-nodeport-svc, cluster IP, ipv4');
    expect(lines[1]).toMatch(
      /^ {2}packet {4}tcp \S+ -> 10\.103\.188\.73:80 \(in by eth0\), and \d+ packets more$/,
    );
    expect(lines[2]).toBe('  from      outside');
    expect(lines[3]).toBe('  expected  50 % for 10.32.0.3 port 80');
    expect(lines[4]).toBe('  found     60 %');
    expect(lines[5]).toMatch(
      /^ {2}rule {6}nat: -A KUBE-SVC-\S+ .*--probability 0\.60000000000 -j KUBE-SEP-\S+$/,
    );
    expect(lines[6]).toMatch(/^ {2}way {7}nat PREROUTING > nat KUBE-SERVICES > nat KUBE-SVC-/);
    expect(lines.at(-1)).toBe('Not proven.');
  });

  it('prints JSON of the published shape, where a rule is missing too', async () => {
    const input = await spoiled(/^-A KUBE-SERVICES -d 10\.103\.188\.73.*\n/m, '');
    const args = ['--family', 'ipv4', '--rules', '-', '--output', 'json'];
    const { exitCode, stdout } = await check([...MANIFESTS, ...args], input);
    expect(exitCode).toBe(1);
    const report = z.parse(checkReportSchema, JSON.parse(stdout));
    expect(report).toMatchObject({ rulesOf: 'standard input', verdict: 'refuted' });
    expect(report.families[0]?.structureFaults).toEqual([]);
    expect(report.families[0]?.counterexamples[0]).toMatchObject({
      kind: 'fate',
      service: 'default/webapp1-nodeport-svc',
      to: 'cluster IP',
      found: 'let through as it came',
      isMissing: true,
      rule: { table: 'nat', chain: 'PREROUTING' },
    });
  });

  it('tells no more than it was asked for, and how many there are', async () => {
    const input = await spoiled(/^-A KUBE-MARK-MASQ .*\n/m, '');
    const args = ['--family', 'ipv4', '--rules', '-', '--limit', '1'];
    const { exitCode, stdout } = await check([...MANIFESTS, ...args], input);
    expect(exitCode).toBe(1);
    expect(stdout.match(/^WRONG/gm)).toHaveLength(1);
    expect(stdout).toMatch(/^\.\.\. and \d+ counterexamples? more in ipv4; --limit shows more$/m);
  });
});

describe('chainwright check on rules alone', () => {
  it('says that they are sound, and that it knows no more', async () => {
    const { exitCode, stdout } = await check(['--rules', DUMP]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Whether they do what the services want is not known');
  });

  it('finds what is wrong with them as such', async () => {
    const input = await spoiled(/^-A KUBE-SVC-.*\n/gm, '');
    const { exitCode, stdout } = await check(['--rules', '-'], input);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^WRONG chain without a way in: nat KUBE-SEP-\S+, ipv4\n {2}fault {5}nothing leads to it$/m,
    );
  });
});

describe('chainwright check ends with 2, since 1 is for what was found,', () => {
  it.each<[string, readonly string[], string, RegExp]>([
    [
      'without anything to prove',
      [],
      '',
      /^error: check: expected manifests by -f, or rules by --live or --rules$/m,
    ],
    ['without a file', ['--rules', '/nowhere'], '', /^error: \/nowhere: no such file or directory$/m],
    [
      'where a file holds no rules',
      ['--rules', '-'],
      '*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
      /^error: standard input: holds no rules of a service proxy$/m,
    ],
    [
      'where nothing comes',
      ['--rules', '-'],
      '',
      /^error: standard input: expected what iptables-save prints, got nothing$/m,
    ],
    [
      'where a line is no rule',
      ['--rules', '-'],
      '*nat\n:KUBE-SERVICES - [0:0]\nwhat\nCOMMIT\n',
      /^error: standard input: line 3: /m,
    ],
    [
      'where both are on standard input',
      ['-f', '-', '--rules', '-'],
      '',
      /expected one of the two on standard input, got both/,
    ],
    [
      'with a layout for rules that have one',
      ['--rules', DUMP, '--layout', 'indexed'],
      '',
      /cannot be used with option/,
    ],
    [
      'without a number for a limit',
      [...MANIFESTS, '--limit', '0'],
      '',
      /expected a number from 1 to 999999/,
    ],
  ])('%s', async (_, args, input, message) => {
    const { exitCode, stdout, stderr } = await check(args, input);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
