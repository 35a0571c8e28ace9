import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { ROOT } from '../support/cases.ts';
import { calls, parse } from '../support/command-lines.ts';
import { chainwright } from './chainwright.ts';

const NAMES = program(() => undefined)
  .commands.map((command) => command.name())
  .filter((name) => name !== 'lab-agent');

async function helpOf(...words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await chainwright([...words, '--help']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** The lines under a heading, without their indent. */
function section(help: string, heading: string): readonly string[] {
  const lines = help.split('\n');
  const from = lines.indexOf(`${heading}:`) + 1;
  if (from === 0) return [];
  const count = lines.slice(from).findIndex((line) => line !== '' && !line.startsWith(' '));
  const found = lines.slice(from, count === -1 ? undefined : from + count);
  return found.filter((line) => line !== '').map((line) => line.slice(2));
}

describe.each(NAMES)('the help of %s', (name) => {
  it('has what a man page has', async () => {
    const help = await helpOf(name);
    expect(help).toMatch(new RegExp(`^Usage: chainwright ${name}`));
    expect(help.split('\n\n')[1]).toMatch(/^[A-Z][^]*\.$/);
    for (const heading of ['Options', 'Examples', 'Exit codes', 'See also']) {
      expect(section(help, heading), heading).not.toEqual([]);
    }
    expect(section(help, 'Exit codes')[0]).toMatch(/^0 {2}/);
  });

  it('has examples that the program takes', async () => {
    const lines = section(await helpOf(name), 'Examples');
    const [meanings, commands] = [
      lines.filter((_, index) => index % 2 === 0),
      lines.filter((_, index) => index % 2 === 1),
    ];
    expect(meanings.filter((line) => !line.startsWith('# '))).toEqual([]);
    const names = [];
    for (const line of commands) {
      const found = calls(line);
      expect(found, line).not.toEqual([]);
      for (const words of found) names.push(await parse(words));
    }
    expect(names).toContain(name);
  });

  it('refers to what there is', async () => {
    const text = section(await helpOf(name), 'See also').join(' ');
    const found = text.split(', ').flatMap(calls);
    for (const [command, ...words] of found) {
      expect(NAMES).toContain(command);
      if (command === 'schema') await parse([command, ...words]);
      else expect(words).toEqual(['--help']);
    }
  });

  it('says something of every option, in 80 columns', async () => {
    const help = await helpOf(name);
    const command = program(() => undefined).commands.find((each) => each.name() === name);
    const options = command?.createHelp().visibleOptions(command) ?? [];
    expect(options.filter(({ description }) => description === '')).toEqual([]);
    const lines = help.split('\n');
    for (const { flags } of options) {
      const [line = '', next = ''] = lines.slice(lines.findIndex((each) => each.startsWith(`  ${flags}`)));
      expect(`${line}\n${next}`).toMatch(/^ {2}\S+( \S+)*(\n {10}| {2,})[^ \n]/);
    }
    const examples = section(help, 'Examples');
    const tooLong = help.split('\n').filter((line) => line.length > 80 && !examples.includes(line.slice(2)));
    expect(tooLong).toEqual([]);
  });
});

describe('the help of the program', () => {
  it('lists every command, and has examples that it takes', async () => {
    const { stdout: help } = await chainwright(['--help']);
    const listed = section(help, 'Commands').map((line) => /^[a-z-]+/.exec(line)?.[0]);
    expect(listed.filter((word) => word !== undefined)).toEqual([...NAMES, 'help']);
    const words = section(help, 'Examples').flatMap(calls);
    expect(words.length).toBeGreaterThan(1);
    for (const [command, ...rest] of words) {
      if (command === 'help') expect(NAMES).toContain(rest[0]);
      else await parse([command ?? '', ...rest]);
    }
  });
});

describe('the version', () => {
  it.each(['--version', '-V', 'version'])('is told by %s', async (word) => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await chainwright([word])).toEqual({ exitCode: 0, stdout: version, stderr: '' });
  });
});

describe('the flags of kube-proxy', () => {
  it('stand last, so that they hide nothing', async () => {
    const help = await helpOf('render');
    expect(help.indexOf('\nExamples:')).toBeGreaterThan(0);
    expect(help.indexOf('\nFlags of kube-proxy')).toBeGreaterThan(help.indexOf('\nSee also:'));
    expect(help).toContain('\n  --hostname-override <text>\n');
  });
});

describe('the parser of these tests', () => {
  it.each([
    [['golden', '--checkk', 'x'], "unknown option '--checkk'"],
    [['golden', '--output', 'yaml'], 'Allowed choices are'],
    [['render', '-f', 'x', '--iptables-masquerade-bit', '40'], 'expected a whole number from 0 to 31'],
  ])('refuses %j', async (words, message) => {
    await expect(parse(words)).rejects.toThrow(message);
  });

  it('finds calls where they stand', () => {
    expect(calls('kubectl get x | chainwright golden --check "a b" -f - > x; chainwright run')).toEqual([
      ['golden', '--check', 'a b', '-f', '-'],
      ['run'],
    ]);
    expect(calls('source <(chainwright completion bash)')).toEqual([['completion', 'bash']]);
  });
});
