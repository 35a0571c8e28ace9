import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultError } from '../../../src/cluster/api/fault.ts';
import { lineSplitter } from '../../../src/cluster/api/line-splitter.ts';
import { listSplitter } from '../../../src/cluster/api/list-splitter.ts';
import { pieces } from '../../support/pieces.ts';

function splitList(text: string, cuts: readonly number[] = [], longest = 1_000_000) {
  const splitter = listSplitter(longest);
  const items = pieces(Buffer.from(text), cuts).flatMap((piece) => splitter.split(piece));
  return {
    items: items.map((item): unknown => JSON.parse(item)),
    envelope: JSON.parse(splitter.envelope()) as unknown,
  };
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const json = fc.object({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

describe('the list splitter', () => {
  it('cuts any list at any place into its items and the rest', () => {
    fc.assert(
      fc.property(fc.array(json), json, fc.constantFrom(0, 2), cuts, (items, metadata, indent, where) => {
        const list = { kind: 'List', metadata, items, after: [[1], '"items":['] };
        const { items: got, envelope } = splitList(JSON.stringify(list, undefined, indent), where);
        expect(got).toEqual(items);
        expect(envelope).toEqual({ ...list, items: [] });
      }),
    );
  });

  it.each([
    ['{"items":[]}', 0],
    ['{"items":null}', 0],
    ['{"a":"\\\\","items":[{"b":"\\"}]"}]}', 1],
    ['{"metadata":{"items":[{"no":1}]},"items":[{"yes":1},{"yes":2}]}\n', 2],
    ['{"x":[{"items":[{"no":1}]}],"items" : [ {"é€😀":"é€😀"} ]}', 1],
  ])('finds in %s %i items', (text, count) => {
    expect(splitList(text, [5, 9, 17, 18, 19, 20, 21, 22, 30, 38]).items).toHaveLength(count);
  });

  it.each(['', '{"items":[{"a":1}', '{"items":[{"a":1}]', '{"items":[{"a":"}]}'])(
    'says that %s breaks off',
    (text) => {
      expect(() => splitList(text)).toThrow('breaks off');
    },
  );

  it('holds no item, and no frame, beyond all measure', () => {
    const long = 'x'.repeat(500);
    expect(() => splitList(`{"items":[{"a":"${long}"}]}`, [100, 200, 300], 400)).toThrow(
      'an item of more than 400',
    );
    expect(() => splitList(`{"items":[{"a":"${long}"}]}`, [], 400)).toThrow('an item of more than 400');
    expect(() => splitList(`{"a":"${long}`, [100], 400)).toThrow('a list of more than 400');
    expect(
      splitList(`{"items":[${Array(9).fill('{"a":"xxxxxxxxxx"}').join()}]}`, [70], 100).items,
    ).toHaveLength(9);
  });
});

describe('the line splitter', () => {
  it('cuts any text at any place into its lines', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }),
        cuts,
        (texts, where) => {
          const lines = texts.map((text) => JSON.stringify(text));
          const splitter = lineSplitter(1_000_000);
          expect(
            pieces(Buffer.from(`${lines.join('\n')}\n`), where).flatMap((piece) => splitter.split(piece)),
          ).toEqual(lines);
          expect(splitter.pending()).toBe(0);
        },
      ),
    );
  });

  it('leaves out empty lines, and keeps what has not ended', () => {
    const splitter = lineSplitter(100);
    expect(splitter.split(Buffer.from('a\n\n \nb\nc'))).toEqual(['a', 'b']);
    expect(splitter.pending()).toBe(1);
    expect(splitter.split(Buffer.from('d\n'))).toEqual(['cd']);
  });

  it('holds no line beyond all measure', () => {
    const splitter = lineSplitter(10);
    expect(splitter.split(Buffer.from('0123456789\n'))).toEqual(['0123456789']);
    expect(splitter.split(Buffer.from('012345'))).toEqual([]);
    expect(() => splitter.split(Buffer.from('6789X'))).toThrow(FaultError);
    expect(() => lineSplitter(10).split(Buffer.from('01234567890\n'))).toThrow(
      'a line of more than 10 bytes',
    );
  });
});
