import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { diffLines } from '../../../src/text/line-diff.ts';
import { firstChangedLine, hunkLines, hunksOf } from '../../../src/text/unified-diff.ts';

const directory = mkdtempSync(join(tmpdir(), 'chainwright-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What patch(1) makes of a text by our diff. */
function patched(before: readonly string[], after: readonly string[]): string {
  const path = join(directory, 'text');
  writeFileSync(path, before.map((line) => `${line}\n`).join(''));
  const diff = ['--- text', '+++ text', ...hunksOf(before, after).flatMap(hunkLines)];
  execFileSync('patch', ['--silent', '--fuzz=0', '--no-backup-if-mismatch', path], {
    input: `${diff.join('\n')}\n`,
  });
  return readFileSync(path, 'utf8');
}

const letters = (text: string): readonly string[] => text.match(/./g) ?? [];

/** Few different lines make for many repeated ones. */
const lists = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', '-A X', '+', ''), { maxLength: 40 });

describe('the lines of a diff', () => {
  it.each([
    ['abc', 'abc', 'abc', ''],
    ['abc', 'abxc', 'abc', 'x'],
    ['abcdef', 'abdef', 'abdef', ''],
    // The one line that moved, and not all that it passed.
    ['abcdef', 'bcdefa', 'bcdef', 'a'],
    ['aXb', 'aYb', 'ab', 'Y'],
    ['', 'ab', '', 'ab'],
  ])('from %s to %s keep %s and add %s', (before, after, kept, added) => {
    const edits = diffLines(letters(before), letters(after));
    const ofKind = (kind: string) => edits.filter((edit) => edit.kind === kind).map(({ line }) => line);
    expect(ofKind('kept').join('')).toBe(kept);
    expect(ofKind('added').join('')).toBe(added);
  });

  it('make either text from the other, whatever they are', () => {
    fc.assert(
      fc.property(lists, lists, (before, after) => {
        const edits = diffLines(before, after);
        expect(edits.filter(({ kind }) => kind !== 'added').map(({ line }) => line)).toEqual(before);
        expect(edits.filter(({ kind }) => kind !== 'removed').map(({ line }) => line)).toEqual(after);
      }),
      { numRuns: 2000 },
    );
  });

  it('of 100,000 rules of which one changed are that one', () => {
    const before = Array.from({ length: 100_000 }, (_, index) => `-A KUBE-SEP-${index}`);
    const after = before.with(50_000, '-A KUBE-SEP-NEW').toSpliced(10, 1);
    expect(diffLines(before, after).filter(({ kind }) => kind !== 'kept')).toEqual([
      { kind: 'removed', line: '-A KUBE-SEP-10' },
      { kind: 'removed', line: '-A KUBE-SEP-50000' },
      { kind: 'added', line: '-A KUBE-SEP-NEW' },
    ]);
  });
});

describe('a unified diff', () => {
  it('is what patch(1) reads', () => {
    fc.assert(
      fc.property(lists, lists, (before, after) => {
        if (hunksOf(before, after).length === 0) expect(before).toEqual(after);
        else expect(patched(before, after)).toBe(after.map((line) => `${line}\n`).join(''));
      }),
      { numRuns: 150 },
    );
  });

  it('says which part each stretch is of', () => {
    const before = ['*filter', ...letters('abcdefgh'), '*nat', ...letters('ijklmnop')];
    const after = before.with(1, 'A').with(-1, 'P');
    const hunks = hunksOf(before, after, (line) => line.startsWith('*'));
    expect(hunks.map((hunk) => hunkLines(hunk)[0])).toEqual(['@@ -1,5 +1,5 @@', '@@ -15,4 +15,4 @@ *nat']);
    expect(hunks.map(firstChangedLine)).toEqual([2, 18]);
  });

  it('joins stretches that touch', () => {
    const before = letters('abcdefghijklmnop');
    expect(hunksOf(before, before.with(4, 'X').with(10, 'Y'))).toHaveLength(1);
    expect(hunksOf(before, before.with(4, 'X').with(12, 'Y'))).toHaveLength(2);
  });
});
