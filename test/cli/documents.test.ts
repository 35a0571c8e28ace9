import { describe, expect, it } from 'vitest';
import { asShown, commandsOf, type Shown } from '../support/documents.ts';
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
