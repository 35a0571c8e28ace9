import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { goldenReportSchema } from '../../src/golden/schema.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { feed, kernelRules, makeNamespace } from '../kernel/namespace.ts';
import { casesIn, ROOT, RULE_BOOK } from '../support/cases.ts';
import { chainwright } from './chainwright.ts';

let directory: string;
let manifests: string;
let goldenDirectory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-test-'));
  manifests = join(directory, 'manifests');
  goldenDirectory = join(directory, 'golden');
  await mkdir(manifests);
  await cp(join(ROOT, 'manifests/examples/local-policy.yaml'), join(manifests, 'shop.yaml'));
  await writeNodes('node-b', 'node-c', 'node-d');
});

afterEach(() => rm(directory, { recursive: true }));

/** Besides node-a, which the example has: node-b has an endpoint of each service, the others none. */
async function writeNodes(...names: readonly string[]): Promise<void> {
  const nodes = names.map((name) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } }));
  await writeFile(
    join(manifests, 'nodes.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: nodes }),
  );
}

async function change(from: string, to: string): Promise<void> {
  const path = join(manifests, 'shop.yaml');
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replaceAll(from, to));
}

const write = (...args: readonly string[]) =>
  chainwright(['golden', '--write', goldenDirectory, '-f', manifests, ...args]);

const check = (...args: readonly string[]) =>
  chainwright(['golden', '--check', goldenDirectory, '-f', manifests, ...args]);

async function checked(...args: readonly string[]) {
  const { stdout } = await check('--output', 'json', ...args);
  const { files, ...rest } = z.parse(goldenReportSchema, JSON.parse(stdout));
  return { ...rest, states: files.map(({ file, state }) => [file.slice(goldenDirectory.length + 1), state]) };
}

describe('chainwright golden', () => {
  it('writes a file for each family and kind of node, and finds them the same', async () => {
    const { exitCode, stdout, stderr } = await write();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      `${goldenDirectory}/node-a.ipv4.rules: new (node-a)`,
      `${goldenDirectory}/node-a.ipv6.rules: new (node-a, node-b, node-c and 1 more)`,
      `${goldenDirectory}/node-b.ipv4.rules: new (node-b)`,
      `${goldenDirectory}/node-c.ipv4.rules: new (node-c, node-d)`,
      '4 golden files: 4 new.',
    ]);
    expect(await readdir(goldenDirectory)).toHaveLength(4);
    expect(await check()).toEqual({
      exitCode: 0,
      stdout: '4 golden files: the rules are as they should be.',
      stderr: '',
    });
    expect((await write()).stdout).toBe('4 golden files: nothing to do.');
  });

  it('writes what render prints, and what iptables-restore loads', async () => {
    await write('--cluster-cidr', '10.244.0.0/16');
    await using namespace = await makeNamespace();
    for (const node of ['node-a', 'node-b', 'node-c']) {
      const text = await readFile(join(goldenDirectory, `${node}.ipv4.rules`), 'utf8');
      const { stdout } = await chainwright([
        ...['render', '-f', manifests, '--hostname-override', node, '--cluster-cidr', '10.244.0.0/16'],
      ]);
      expect(canonicalRules(text)).toBe(canonicalRules(stdout));
      await feed(namespace, text, 'iptables-nft-restore');
      expect(await kernelRules(namespace, 'nft', 'ipv4')).toBe(canonicalRules(text));
    }
  });

  it.each(['classic', 'indexed'])('keeps the layout %s as the kernel has it', async (layout) => {
    await write('--layout', layout, '--node', 'node-a');
    const text = await readFile(join(goldenDirectory, 'node-a.ipv4.rules'), 'utf8');
    await using namespace = await makeNamespace();
    await feed(namespace, text, 'iptables-nft-restore');
    expect(await kernelRules(namespace, 'nft', 'ipv4')).toBe(canonicalRules(text));
    expect((await check('--layout', layout, '--node', 'node-a')).exitCode).toBe(0);
  });

  it('shows a change as a diff that patch takes, and ends with 1', async () => {
    await write();
    await change('nodePort: 30090', 'nodePort: 30097');
    const { exitCode, stdout } = await check();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^-.* --dport 30090 -j KUBE-EXT-\w+$/m);
    expect(stdout).toMatch(/^\+.* --dport 30097 -j KUBE-EXT-\w+$/m);
    expect(stdout.match(/^[-+]-A/gm)).toHaveLength(8);
    expect(stdout).toContain('4 golden files: 3 changed. To take over');
    const command = stdout.split('\n').at(-1) ?? '';
    execFileSync('patch', ['--silent', '--strip=0', '--directory=/'], { input: `${stdout}\n` });
    expect((await check()).exitCode).toBe(0);
    // And back, by the command that it recommends.
    await change('nodePort: 30097', 'nodePort: 30090');
    expect((await chainwright(command.trim().split(' ').slice(1))).exitCode).toBe(0);
    expect((await check()).exitCode).toBe(0);
  });

  it('tells a pull request on GitHub', async () => {
    await write('--node', 'node-a');
    await change('nodePort: 30090', 'nodePort: 30097');
    const { exitCode, stdout } = await check('--node', 'node-a', '--output', 'github');
    expect(exitCode).toBe(1);
    const text = await readFile(join(goldenDirectory, 'node-a.ipv4.rules'), 'utf8');
    const line = text.split('\n').findIndex((rule) => rule.includes('--dport 30090')) + 1;
    expect(stdout.split('\n').filter((each) => each.startsWith('::error'))).toEqual([
      expect.stringContaining(
        `::error file=${goldenDirectory}/node-a.ipv4.rules,line=${line},title=Golden rules::`,
      ),
    ]);
  });

  it('does not stir where what changed makes no rules, or comes in another order', async () => {
    await write();
    const files = await Promise.all(
      (await readdir(goldenDirectory)).map((name) => readFile(join(goldenDirectory, name), 'utf8')),
    );
    const documents = (await readFile(join(manifests, 'shop.yaml'), 'utf8')).split('---\n').toReversed();
    documents.push('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n');
    await writeFile(join(manifests, 'shop.yaml'), documents.join('---\n'));
    await writeNodes('node-d', 'node-c', 'node-b');
    const { exitCode, stdout } = await write();
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '4 golden files: nothing to do.' });
    const now = await Promise.all(
      (await readdir(goldenDirectory)).map((name) => readFile(join(goldenDirectory, name), 'utf8')),
    );
    expect(now).toEqual(files);
  });

  it('is the same for whoever runs it, from wherever', async () => {
    await write();
    const byRelativePaths = await chainwright(
      ['golden', '--write', '../golden', '-f', '.', '--masquerade-all=false'],
      '',
      manifests,
    );
    expect(byRelativePaths.stdout).toContain('with another command in the head');
    const head = (await readFile(join(goldenDirectory, 'node-a.ipv4.rules'), 'utf8')).split('\n')[1];
    expect(head).toBe('#   chainwright golden --write . -f ../manifests --masquerade-all=false');
    const fromAbove = await chainwright(
      ['golden', '--write', 'golden/', '-f', './manifests/', '--masquerade-all=false'],
      '',
      directory,
    );
    expect(fromAbove.stdout).toBe('4 golden files: nothing to do.');
    // The command in the head makes the same again, from where the files are.
    const again = await chainwright((head ?? '').split(' ').slice(4), '', goldenDirectory);
    expect(again).toEqual({ exitCode: 0, stdout: '4 golden files: nothing to do.', stderr: '' });
  });

  it('finds files of nodes that are gone, and --write removes them and no others', async () => {
    await write();
    await writeFile(join(goldenDirectory, 'README.md'), 'mine');
    await writeFile(join(goldenDirectory, 'others.ipv4.rules'), '*nat\nCOMMIT\n');
    await writeNodes('node-c');
    expect((await checked()).states).toEqual([
      ['node-a.ipv4.rules', 'same'],
      ['node-a.ipv6.rules', 'changed'],
      ['node-b.ipv4.rules', 'stale'],
      ['node-c.ipv4.rules', 'changed'],
    ]);
    const { stdout } = await write();
    expect(stdout).toContain(`${goldenDirectory}/node-b.ipv4.rules: removed`);
    expect(await readdir(goldenDirectory)).toEqual([
      ...['README.md', 'node-a.ipv4.rules', 'node-a.ipv6.rules', 'node-c.ipv4.rules', 'others.ipv4.rules'],
    ]);
  });

  it('holds a node that went its own way against the file that it shared', async () => {
    await write();
    await change('addresses: [10.244.2.21], nodeName: node-b', 'addresses: [10.244.2.21], nodeName: node-d');
    const { stdout } = await check();
    expect(stdout).toContain(
      `${goldenDirectory}/node-d.ipv4.rules is missing: the rules of node-d; so far they were those in ${goldenDirectory}/node-c.ipv4.rules`,
    );
    expect(stdout).toContain(
      `--- ${goldenDirectory}/node-c.ipv4.rules\n+++ ${goldenDirectory}/node-d.ipv4.rules`,
    );
  });

  it('looks at the nodes that are named, or at the one of kube-proxy', async () => {
    await write('--node', 'node-c', '--node', 'node-a', '--node', 'node-c');
    expect(await readdir(goldenDirectory)).toEqual([
      ...['node-a.ipv4.rules', 'node-a.ipv6.rules', 'node-c.ipv4.rules'],
    ]);
    await write('--hostname-override', 'node-b');
    expect(await readdir(goldenDirectory)).toEqual(['node-b.ipv4.rules', 'node-b.ipv6.rules']);
  });

  it('takes a cluster without nodes for any node', async () => {
    const cluster = (await readFile(join(manifests, 'shop.yaml'), 'utf8'))
      .split('---\n')
      .slice(1)
      .join('---\n');
    const args = ['-f', '-', '--output', 'json'];
    const { exitCode, stdout, stderr } = await chainwright(
      ['golden', '--write', goldenDirectory, ...args],
      cluster,
    );
    expect(exitCode).toBe(0);
    expect(stderr).toContain('warning: no node is named');
    expect(
      z.parse(goldenReportSchema, JSON.parse(stdout)).files.map(({ file, nodes }) => [file, nodes]),
    ).toEqual([
      [join(goldenDirectory, 'any-node.ipv4.rules'), []],
      [join(goldenDirectory, 'any-node.ipv6.rules'), []],
    ]);
  });

  it('leaves the old text where the new one cannot be written whole', async () => {
    await write('--node', 'node-a');
    const path = join(goldenDirectory, 'node-a.ipv4.rules');
    const before = await readFile(path, 'utf8');
    await change('nodePort: 30090', 'nodePort: 30097');
    // A file system that is full before the text is whole.
    const script = `trap '' XFSZ; ulimit -f 1; exec "$0" "$@"`;
    const { exitCode, stderr } = await chainwright(
      ['golden', '--write', goldenDirectory, '-f', manifests, '--node', 'node-a'],
      '',
      ROOT,
      ['bash', '-c', script],
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: 'error: EFBIG: file too large, write' });
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await readdir(goldenDirectory)).toEqual(['node-a.ipv4.rules', 'node-a.ipv6.rules']);
  });

  it.each([
    [[], '--check, --write: expected one of the two, with the directory of the golden files'],
    [
      ['--check', 'x', '--write', 'x'],
      "option '--check <directory>' cannot be used with option '--write <directory>'",
    ],
    [['--check', 'manifests'], 'manifests: has no folder with a cluster.yaml: name the manifests by -f'],
    [['--check', '/nowhere'], '/nowhere: has no folder with a cluster.yaml: name the manifests by -f'],
    [
      ['--check', 'rules', '--config', 'x'],
      '--node, --config: need manifests by -f; in a rule book each folder has its own configuration',
    ],
    [['--check', 'x', '-f', '/nowhere.yaml'], '/nowhere.yaml: no such file or directory'],
    [
      ['--write', 'x', '-f', 'manifests/examples/dual-stack.yaml', '--node', '../x'],
      `--node: expected a node's name, got "../x"`,
    ],
    [
      ['--check', 'README.md', '-f', 'manifests/examples/dual-stack.yaml'],
      'README.md: not a directory, or part of the path is none',
    ],
  ])('%j ends with 2, since 1 is for what was found', async (args, message) => {
    const { exitCode, stdout, stderr } = await chainwright(['golden', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`error: ${message}`);
  });
});

describe('the rule book', () => {
  it('is as the code makes it', async () => {
    const { exitCode, stdout, stderr } = await chainwright([
      'golden',
      '--check',
      'rules',
      '--output',
      'json',
    ]);
    const { files, ...rest } = z.parse(goldenReportSchema, JSON.parse(stdout));
    expect(files.filter(({ state }) => state !== 'same')).toEqual([]);
    expect({ exitCode, stderr, ...rest }).toEqual({
      ...{ exitCode: 0, stderr: '' },
      ...{ directory: 'rules', same: true, written: false },
    });
    expect(files).toHaveLength(2 * casesIn(RULE_BOOK).length);
  });

  it('is checked and written folder by folder', async () => {
    const book = join(directory, 'book');
    await cp(join(RULE_BOOK, 'nodeport'), book, { recursive: true });
    const expected = join(book, 'sctp/expected.v4.rules');
    const before = await readFile(expected, 'utf8');
    await writeFile(expected, before.replace('30', '31'));
    await rm(join(book, 'dual-stack/expected.v6.rules'));
    const { exitCode, stdout } = await chainwright(['golden', '--check', book]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`--- ${expected}\n`);
    expect(stdout).toContain(`${book}/dual-stack/expected.v6.rules is missing: the rules of node-a`);
    expect((await chainwright(['golden', '--write', book])).stdout).toContain(': 1 rewritten, 1 new.');
    expect(await readFile(expected, 'utf8')).toBe(before);
    expect((await chainwright(['golden', '--check', book])).exitCode).toBe(0);
  });
});
