import { describe, expect, it } from 'vitest';
import { compareGolden } from '../../../src/golden/compare.ts';
import { nodesFile, nodesOf, type GoldenFile } from '../../../src/golden/file.ts';
import { rulesByNodes } from '../../../src/golden/files-of-nodes.ts';
import { goldenGithub } from '../../../src/golden/github.ts';
import { goldenText, type GoldenOutcome } from '../../../src/golden/report.ts';
import { canonicalRules } from '../../../src/inspect/canonical.ts';

const rules = (letter: string): string => `*filter\nCOMMIT\n*nat\n:KUBE-${letter} - [0:0]\nCOMMIT\n`;

/** Golden files of nodes by name, each with the letter that stands for its rules. */
function filesOf(
  letters: Readonly<Record<string, string>>,
  command = 'chainwright golden',
): readonly GoldenFile[] {
  const identities = Object.keys(letters).map((name) => ({ name, node: undefined }));
  return rulesByNodes(identities, {
    rulesOf: ({ name }, family) => `${rules(letters[name] ?? '')}#${family}\n`,
    keyOf: ({ name }) => name,
  })
    .filter(({ family }) => family === 'ipv4')
    .map((entry) => nodesFile(entry, command));
}

const written = (files: readonly GoldenFile[]) => new Map(files.map(({ name, text }) => [name, text]));

const statesOf = (wanted: readonly GoldenFile[], present: ReadonlyMap<string, string>) =>
  compareGolden(wanted, present).map(({ name, state, basis }) => [name, state, basis]);

const unpainted = (_: string, text: string): string => text;

function outcome(wanted: readonly GoldenFile[], present: readonly GoldenFile[]): GoldenOutcome {
  const findings = compareGolden(wanted, written(present));
  return { directory: 'golden', findings, written: false, command: 'chainwright golden --write golden' };
}

describe('the file of a node', () => {
  it('is shared by nodes with the same rules, under the name of the first', () => {
    const files = filesOf({ c: 'X', a: 'X', b: 'Y' });
    expect(files.map(({ name, nodes }) => [name, nodes])).toEqual([
      ['a.ipv4.rules', ['a', 'c']],
      ['b.ipv4.rules', ['b']],
    ]);
    expect(files.map(({ text }) => nodesOf(text))).toEqual([['a', 'c'], ['b']]);
  });

  it('holds the rules in canonical order below its head', () => {
    const [file] = filesOf({ a: 'X' });
    expect(canonicalRules(file?.text ?? '')).toBe(rules('X'));
  });

  it('of a cluster without nodes is that of any node', () => {
    const files = filesOf({ '': 'X' });
    expect(files).toMatchObject([{ name: 'any-node.ipv4.rules', nodes: [] }]);
    expect(statesOf(files, written(files))).toEqual([['any-node.ipv4.rules', 'same', 'any-node.ipv4.rules']]);
  });
});

describe('golden files are found', () => {
  const before = filesOf({ a: 'X', b: 'X', c: 'Y' });

  it('the same, but for nothing or the command in the head', () => {
    expect(statesOf(before, written(before)).map(([, state]) => state)).toEqual(['same', 'same']);
    const otherwise = filesOf({ a: 'X', b: 'X', c: 'Y' }, 'chainwright golden -f -');
    expect(statesOf(otherwise, written(before)).map(([, state]) => state)).toEqual(['head', 'head']);
  });

  it('changed where the rules are others', () => {
    expect(statesOf(filesOf({ a: 'Z', b: 'Z', c: 'Y' }), written(before))).toEqual([
      ['a.ipv4.rules', 'changed', 'a.ipv4.rules'],
      ['c.ipv4.rules', 'same', 'c.ipv4.rules'],
    ]);
  });

  it('changed where a node goes from one to the other, though the rules in both stay', () => {
    expect(statesOf(filesOf({ a: 'X', b: 'Y', c: 'Y' }), written(before))).toEqual([
      ['a.ipv4.rules', 'changed', 'a.ipv4.rules'],
      ['b.ipv4.rules', 'missing', 'a.ipv4.rules'],
      ['c.ipv4.rules', 'stale', undefined],
    ]);
  });

  it('missing, and held against the file that had the node so far', () => {
    const [a, b] = compareGolden(filesOf({ a: 'X', b: 'Z', c: 'Y' }), written(before));
    expect(a?.state).toBe('changed');
    expect(b).toMatchObject({ name: 'b.ipv4.rules', state: 'missing', basis: 'a.ipv4.rules' });
    const lines = b?.hunks.flatMap(({ edits }) => edits).filter(({ kind }) => kind !== 'kept');
    expect(lines).toEqual([
      { kind: 'removed', line: '#   a' },
      { kind: 'removed', line: ':KUBE-X - [0:0]' },
      { kind: 'added', line: ':KUBE-Z - [0:0]' },
    ]);
  });

  it('missing with nothing to compare where the node is new', () => {
    const states = statesOf(filesOf({ a: 'X', b: 'X', c: 'Y', d: 'Q' }), written(before));
    expect(states.at(-1)).toEqual(['d.ipv4.rules', 'missing', undefined]);
  });

  it('stale where the node is gone, but never those of others', () => {
    const present = new Map([...written(before), ['mine.ipv4.rules', '*nat\nCOMMIT\n'], ['x.rules', '']]);
    expect(statesOf(filesOf({ a: 'X', b: 'X' }), present)).toEqual([
      ['a.ipv4.rules', 'same', 'a.ipv4.rules'],
      ['c.ipv4.rules', 'stale', undefined],
    ]);
  });

  it('changed where the last line is not ended', () => {
    const wanted = filesOf({ a: 'X' });
    const present = new Map(wanted.map(({ name, text }) => [name, text.trimEnd()]));
    const [finding] = compareGolden(wanted, present);
    expect(finding?.state).toBe('changed');
    expect(finding?.hunks.flatMap(({ edits }) => edits.map(({ line }) => line))).toContain(
      '#ipv4\n\\ No newline at end of file',
    );
  });
});

describe('the outcome', () => {
  const before = filesOf({ a: 'X', b: 'X', c: 'Y' });

  it('is told to people as a diff, and what to do', () => {
    expect(goldenText(outcome(filesOf({ a: 'Z', b: 'Z', d: 'Q' }), before), unpainted).split('\n')).toEqual([
      '--- golden/a.ipv4.rules',
      '+++ golden/a.ipv4.rules',
      '@@ -6,6 +6,6 @@',
      ' *filter',
      ' COMMIT',
      ' *nat',
      '-:KUBE-X - [0:0]',
      '+:KUBE-Z - [0:0]',
      ' COMMIT',
      ' #ipv4',
      "golden/c.ipv4.rules is stale: no node's rules are kept there any more",
      'golden/d.ipv4.rules is missing: the rules of d',
      '3 golden files: 1 changed, 1 missing, 1 stale. To take over what the manifests make now:',
      '  chainwright golden --write golden',
      '',
    ]);
  });

  it('is coloured as git does where asked', () => {
    const text = goldenText(
      outcome(filesOf({ a: 'Z', b: 'Z', c: 'Y' }), before),
      (code, line) => `<${code}>${line}`,
    );
    expect(text).toContain('<31>-:KUBE-X');
    expect(text).toContain('<32>+:KUBE-Z');
    expect(text).toContain('<36>@@');
    expect(text).not.toMatch(/<\d+> /);
  });

  it('is told to GitHub as annotations that no rule can break out of', () => {
    const hostile = filesOf({ a: 'X\n::error::100%' });
    const lines = goldenGithub({ ...outcome(hostile, filesOf({ a: 'X' })), directory: 'a,b:c' }).split('\n');
    expect(lines[0]).toMatch(
      /^::error file=a%2Cb%3Ac\/a\.ipv4\.rules,line=8,title=Golden rules::a,b:c\/a\.ipv4\.rules: the rules of a differ%0A@@ .*100%25/,
    );
    expect(lines.filter((line) => line.startsWith('::'))).toEqual([
      lines[0],
      '::group::a.ipv4.rules',
      '::endgroup::',
    ]);
  });
});
