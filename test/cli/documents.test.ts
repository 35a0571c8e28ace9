import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/cases.ts';
import { calls, parse } from '../support/command-lines.ts';
import { asShown, commandsOf, shellLinesOf, type Shown } from '../support/documents.ts';
import { chainwright } from './chainwright.ts';

const DOCUMENTS = ['README.md', 'manifests/examples/README.md'] as const;
const shown = (await Promise.all(DOCUMENTS.map(commandsOf))).flat();
/** What looks at the machine is shown of a lab's node, where a kernel test looks too. */
const dry = shown.filter(({ args }) => !args.includes('--live'));

describe('the documents', () => {
  it.each(DOCUMENTS)('%s shows commands with what they print', (document) => {
    const ofDocument = dry.filter((each) => each.document === document);
    expect(ofDocument.length).toBeGreaterThan(0);
    expect(ofDocument.filter(({ output }) => output.join('') === '')).toEqual([]);
  });

  it.each(dry.map((each): [string, Shown] => [titleOf(each), each]))('%s', async (_, each) => {
    const { exitCode, stdout, stderr } = await chainwright(each.args, '', each.directory);
    expect([0, 1], stderr).toContain(exitCode);
    const said = [stderr, stdout].filter((text) => text !== '').join('\n');
    expect(asShown(said, each.output)).toEqual(each.output);
  });
});

describe.each(DOCUMENTS)('the shell blocks of %s', async (document) => {
  const lines = await shellLinesOf(document);

  it('call chainwright as it can be called', async () => {
    const called = lines.flatMap(calls).filter((words) => words.length > 0);
    expect(called.length).toBeGreaterThan(0);
    for (const words of called) await parse(words);
  });

  it('name files of the repository that are there', () => {
    const words = lines.flatMap((line) => line.split(/[\s'"=:]+/));
    const paths = words.filter((word) => /^(?:manifests|rules|test)\//.test(word));
    expect(paths.filter((path) => !existsSync(join(ROOT, dirname(document), path)))).toEqual([]);
  });
});

describe.each([...DOCUMENTS, 'rules/README.md', 'manifests/settings.md'])('the links of %s', (document) => {
  const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

  it('lead to files, and to headings in them', () => {
    const links = [...text(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    for (const [link, path = '', heading] of links) {
      const target = path === '' ? document : join(dirname(document), path);
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (heading !== undefined) expect(headingsOf(text(target)), link).toContain(heading);
    }
  });
});

/** As links name them. */
function headingsOf(text: string): readonly string[] {
  const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
  return titles.map((title) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('the example, chain by chain', () => {
  it('shows rules that the example makes', async () => {
    const text = readFileSync(join(ROOT, 'manifests/examples/README.md'), 'utf8');
    // Comments are shortened by an ellipsis.
    const rules = (text.match(/^-A .*$/gm) ?? []).filter((line) => !line.includes('…'));
    expect(rules.length).toBeGreaterThan(5);
    const example = ['-f', 'manifests/examples/webapp1-nodeport.yaml', '--hostname-override', 'node-a'];
    const { stdout } = await chainwright(['render', ...example, '--layout', 'classic']);
    expect(rules.filter((rule) => !stdout.split('\n').includes(rule))).toEqual([]);
  });
});

describe('what a document leaves out', () => {
  const OUTPUT = 'one\n  two\n  three\nfour\n';

  it.each([
    [['one', '  ...', 'four']],
    [['one', '  two', '  ...']],
    [['  ...', 'four']],
    [['one', '  two', '  three', 'four']],
  ])('%j is the output', (lines) => {
    expect(asShown(OUTPUT, lines)).toEqual(lines);
  });

  it.each([
    [['one', 'four']],
    [['one', '  ...', 'five']],
    [['one', '  two', '  three']],
    [['one', '  ...', '  two', '  three', 'four']],
    [['one', '  two', '  three', 'four', 'five']],
  ])('%j is not', (lines) => {
    expect(asShown(OUTPUT, lines)).not.toEqual(lines);
  });
});

function titleOf({ document, line, args }: Shown): string {
  return `${document}, line ${line}: ${args.join(' ')}`;
}
