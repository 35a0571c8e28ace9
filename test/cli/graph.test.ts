import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { feed, makeNamespace, output } from '../kernel/namespace.ts';
import { ROOT } from '../support/cases.ts';
import { BUNDLE, chainwright } from './chainwright.ts';

const FOLDER = 'rules/nodeport/external-policy-local';
const MANIFESTS = ['-f', `${FOLDER}/cluster.yaml`, '--config', `${FOLDER}/config.yaml`];
const RULES = `${FOLDER}/expected.v4.rules`;
const HAS_PNG = (() => {
  try {
    return createRequire(BUNDLE).resolve('@resvg/resvg-js') !== '';
  } catch {
    return false;
  }
})();

const FONT_FOLDERS = ['/usr/share/fonts', '/usr/local/share/fonts'];
const HAS_FONT = FONT_FOLDERS.some(
  (folder) =>
    existsSync(folder) &&
    readdirSync(folder, { recursive: true }).some((name) => /\.[ot]tf$/.test(String(name))),
);
/** Runs a command where no font is. */
const FONTLESS = [
  ...['unshare', '--mount', 'sh', '-c'],
  `for folder in ${FONT_FOLDERS.join(' ')}; do [ ! -d $folder ] || mount -t tmpfs tmpfs $folder; done; HOME=/nowhere exec "$@"`,
  'sh',
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-graph-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const NOBODY = ['--reuid=65534', '--clear-groups', '--inh-caps=-all'];

describe('chainwright graph', () => {
  it('draws one service of manifests', async () => {
    const { exitCode, stdout, stderr } = await chainwright(['graph', 'default/local', ...MANIFESTS]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(stdout).toContain('node port 31100/tcp');
    expect(stdout).toContain('-A KUBE-NODEPORTS -p tcp -m comment --comment &#34;default/local&#34;');
    expect(stdout).not.toContain('KUBE-POSTROUTING');
  });

  it('draws the whole node', async () => {
    const { stdout } = await chainwright(['graph', ...MANIFESTS]);
    expect(stdout).toContain('All rules of node-a');
    expect(stdout).toContain('KUBE-POSTROUTING');
  });

  it('draws the same of rules that others saved', async () => {
    const ofManifests = await chainwright(['graph', 'local', ...MANIFESTS]);
    const dump = await readFile(join(ROOT, RULES), 'utf8');
    const ofDump = await chainwright(['graph', 'local', '--rules', '-'], dump);
    const wordsOf = (svg: string): readonly string[] =>
      (svg.match(/<text [^>]*>[^<]*/g) ?? []).map((text) => text.replace(/^.*>/, '')).sort();
    expect(wordsOf(ofDump.stdout)).toEqual(wordsOf(ofManifests.stdout));
  });

  it('draws the indexed layout', async () => {
    const { stdout } = await chainwright(['graph', 'local', ...MANIFESTS, '--layout', 'indexed']);
    expect(stdout).toContain('>to 10.244.2.7:8080</text>');
    // The last endpoint of each chain stands in that chain.
    expect(stdout.match(/>KUBE-SEP-/g)).toHaveLength(1);
  });

  it('takes the format from the name of the file', async () => {
    const [page, text] = [join(directory, 'a.html'), join(directory, 'a.dot')];
    expect(await chainwright(['graph', ...MANIFESTS, '--out', page])).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect(await readFile(page, 'utf8')).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
    await chainwright(['graph', ...MANIFESTS, '--out', text]);
    expect(await readFile(text, 'utf8')).toMatch(/^digraph rules {/);
  });

  it('carries a page of little weight', async () => {
    const { stdout } = await chainwright(['graph', ...MANIFESTS, '--output', 'html']);
    const [, script = ''] = /<script>([^]*)<\/script>/.exec(stdout) ?? [];
    expect(script.length).toBeGreaterThan(10_000);
    expect(script.length).toBeLessThan(60_000);
    // Nothing is asked for elsewhere, but names of XML's own.
    expect(stdout.match(/https?:\/\/[^"'`\s]*/g) ?? []).toEqual([]);
  });

  it('takes the family of a dump from its rules', async () => {
    const dump = await readFile(join(ROOT, 'rules/nodeport/dual-stack/expected.v6.rules'), 'utf8');
    const { stdout } = await chainwright(['graph', '--rules', '-', '--output', 'html'], dump);
    expect(stdout).toContain('"family":"ipv6"');
  });

  it('shows the counters of a dump', async () => {
    const dump = (await readFile(join(ROOT, RULES), 'utf8')).replace(/^-A KUBE-NODEPORTS/gm, '[4321:9] $&');
    const { stdout } = await chainwright(['graph', 'local', '--rules', '-'], dump);
    expect(stdout).toContain('>4,321</text>');
  });

  it.each([
    [['graph'], 'graph: expected manifests by -f, or rules by --live or --rules'],
    [
      ['graph', ...MANIFESTS, '--rules', RULES],
      "option '--rules <file>' cannot be used with option '-f, --filename <path>'",
    ],
    [['graph', '--rules', '/nowhere'], '/nowhere: no such file or directory'],
    [
      ['graph', 'loc', ...MANIFESTS],
      'graph: expected a service that the rules know (did you mean default/local?), got "loc"',
    ],
    [
      ['graph', 'local', ...MANIFESTS, '--out', 'local.pdf'],
      '--out: expected a name that ends in .svg, .png, .dot, .html, or --output with one of these, got "local.pdf"',
    ],
    [['graph', 'x"\n', ...MANIFESTS], 'graph: expected a service that the rules know, got "x\\"\\n"'],
    [['graph', ...MANIFESTS, '--output', 'gif'], '--output: expected svg, png, dot or html, got "gif"'],
  ])('%j ends with exit code 1', async (args, message) => {
    const { exitCode, stdout, stderr } = await chainwright(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`error: ${message}`);
  });

  // A clone in root's home is out of anybody else's reach.
  it.skipIf(execaSync('setpriv', [...NOBODY, 'test', '-r', BUNDLE], { reject: false }).failed)(
    'says that the kernel tells root alone',
    async () => {
      const { exitCode, stderr } = await chainwright(['graph', '--live'], '', ROOT, ['setpriv', ...NOBODY]);
      expect(exitCode).toBe(2);
      expect(stderr.split('\n').at(-1)).toBe('error: this takes root: try it with sudo');
    },
  );

  it('names the packages of tools that are not there', async () => {
    const { exitCode, stderr } = await chainwright(['graph', '--live'], '', ROOT, ['env', 'PATH=/nowhere']);
    expect(exitCode).toBe(2);
    expect(stderr.split('\n')).toEqual([
      'error: iptables --version: not installed, or not on the PATH',
      "error: Debian's packages are iptables, conntrack, iproute2 and util-linux",
    ]);
  });

  it('warns of a dump without a service proxy', async () => {
    const { exitCode, stderr } = await chainwright(
      ['graph', '--rules', '-'],
      '*nat\n-A OUTPUT -j DOCKER\nCOMMIT\n',
    );
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: 'warning: no service proxy has written these ipv4 rules',
    });
  });

  it('says what png needs where it is not installed', async () => {
    const alone = join(directory, 'chainwright.mjs');
    await copyFile(BUNDLE, alone);
    const args = [alone, 'graph', 'local', '--rules', RULES, '--output', 'png'];
    const { exitCode, stdout, stderr } = await execa(process.execPath, args, {
      cwd: ROOT,
      reject: false,
      env: { NODE_PATH: '' },
    });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'error: --output png: needs the npm package @resvg/resvg-js, which is not installed; svg needs none',
    });
  });

  it.runIf(HAS_PNG)('says that png needs a font where there is none', async () => {
    const args = ['graph', 'local', '--rules', RULES, '--output', 'png'];
    expect(await chainwright(args, '', ROOT, FONTLESS)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: --output png: no font is installed (fonts-dejavu-core has one); svg needs none',
    });
  });

  it.runIf(HAS_PNG && HAS_FONT)('draws pixels', async () => {
    const [path, ofSvg] = [join(directory, 'a.png'), join(directory, 'same.svg')];
    const args = ['graph', 'local', '--rules', RULES, '--out'];
    expect(await chainwright([...args, path])).toMatchObject({ exitCode: 0, stderr: '' });
    await chainwright([...args, ofSvg]);
    const png = await readFile(path);
    expect(png.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
    expect(png.subarray(-8, -4).toString()).toBe('IEND');
    const [, width, height] =
      /^<svg [^>]*width="(\d+)" height="(\d+)"/.exec(await readFile(ofSvg, 'utf8')) ?? [];
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * Number(width), 2 * Number(height)]);
    // A picture without letters, or an empty one, packs into much less.
    expect(png.length).toBeGreaterThan(50_000);
  });
});

describe.each<BackendKind>(['nft', 'legacy'])('chainwright graph --live on %s', (kind) => {
  it('shows the rules and the counters of the kernel', async () => {
    await using node = await makeNamespace();
    const [restore] = backendOf(kind, 'ipv4').restore;
    const { stdout: rules } = await chainwright(['render', ...MANIFESTS]);
    const counted = rules.replace(/^-A KUBE-NODEPORTS /gm, '[77:4000] $&');
    await feed(node, `${counted}\n`, restore, '--noflush', '--counters');
    // In the namespace paths begin at the root.
    const manifests = MANIFESTS.map((word) => (word.endsWith('.yaml') ? join(ROOT, word) : word));
    const live = (...args: readonly string[]): Promise<string> =>
      output(node, process.execPath, BUNDLE, 'graph', 'local', '--live', ...args);
    const counter = />node port 31100\/tcp<\/text><text [^>]*>77<\/text>/;
    expect(await live()).toMatch(counter);
    expect(await live(...manifests)).toMatch(counter);
    expect(await live('--output', 'html')).toMatch(
      /"counted":"packets counted until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"/,
    );
  });
});
