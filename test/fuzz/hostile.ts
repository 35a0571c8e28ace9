import fc from 'fast-check';

/* Texts and values that somebody might send who wishes us ill, or whose program is broken. */

/** Ends a quote, a line, a table, a format, a terminal's patience. */
const EVIL = [
  ...['"', '\\', '\\"', "'", '%', '%s%n', ' ', '\t', '\n', '\r\n', '\0', '#', '!', '$(id)', '`id`', ';'],
  ...[
    '\nCOMMIT\n*nat\n:KUBE-SERVICES - [0:0]\n',
    '" -j ACCEPT',
    ' -j ACCEPT --comment "',
    '-A INPUT -j DROP',
  ],
  ...['\u001b[2J', '\u009b31m', '\u202e', '\ud800', 'ü', '中文', '😀', '\u2028', '\u007f'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  ...['10.0.0.1\n', ' 10.0.0.1', '010.0.0.1', '0x0a000001', '::ffff:10.0.0.1', 'fe80::1%eth0', '10.0.0.0/33'],
  ...[
    '0.0.0.0',
    '255.255.255.255',
    '127.0.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '::',
    '::1',
    'fe80::1',
    'ff02::1',
  ],
  ...[
    '1e3',
    '0x50',
    '080',
    '-1',
    '65536',
    'null',
    'true',
    '~',
    'None',
    'none',
    '&a',
    '*a',
    '<<',
    '!!js/function',
    '%YAML',
  ],
] as const;

export const evilText = fc.constantFrom(...EVIL);

const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/);

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  evilText,
  fc.tuple(name, evilText, fc.oneof(fc.constant(''), name)).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.tuple(evilText, fc.constantFrom(64, 300, 70_000)).map(([text, length]) => text.repeat(length)),
  fc.constantFrom(63, 64, 253, 254, 300, 70_000).map((length) => 'a'.repeat(length)),
);

/** What JSON can hold. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: hostileText, weight: 4 },
  {
    arbitrary: fc.constantFrom<unknown>(
      ...[
        null,
        true,
        false,
        0,
        -0,
        -1,
        0.5,
        65_535,
        65_536,
        2 ** 31,
        2 ** 53,
        1e308,
        [],
        {},
        [[]],
        [null],
        [{}],
      ],
    ),
    weight: 3,
  },
  { arbitrary: fc.jsonValue({ maxDepth: 2 }), weight: 1 },
  fc
    .tuple(fc.constantFrom('__proto__', 'constructor'), fc.jsonValue({ maxDepth: 1 }))
    .map(([key, value]) => JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`) as unknown),
);

/** JSON and YAML that go deep: a reader that calls itself has so much room, and no more. */
export const nestedText: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      ['[', ']'],
      ['{"a":', '}'],
      ['{a: ', '}'],
      ['- ', ''],
      ['? ', ''],
      ['"a": [', ']'],
      ['[{"a":', '}]'],
    ),
    fc.constantFrom(100, 3_000, 10_000),
    fc.boolean(),
  )
  .map(
    ([[open = '', close = ''], depth, closed]) =>
      `${open.repeat(depth)}1${closed ? close.repeat(depth) : ''}`,
  );

interface Edit {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'repeat' | 'rename';
  readonly value: unknown;
  readonly key: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  how: fc.oneof(
    { arbitrary: fc.constant('replace' as const), weight: 5 },
    fc.constantFrom('remove' as const, 'repeat' as const, 'rename' as const),
  ),
  value: hostileValue,
  key: hostileText,
});

/** These values, with up to three places of each replaced, removed, repeated or renamed. */
export function spoiled(values: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...values), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([value, edits]) => edits.reduce(edited, structuredClone(value)));
}

type Holder = Record<PropertyKey, unknown>;

function edited(value: unknown, { at, how, value: given, key }: Edit): unknown {
  // Later edits may reach into it, and it may be given again.
  const other: unknown = structuredClone(given);
  const places = placesIn(value);
  const place = places[at % Math.max(places.length, 1)];
  if (place === undefined) return other;
  const { holder, name: where } = place;
  if (how === 'replace') holder[where] = other;
  else if (Array.isArray(holder) && typeof where === 'number') {
    if (how === 'remove') holder.splice(where, 1);
    else holder.splice(where, 0, ...Array<unknown>(how === 'repeat' ? 2 : 20).fill(holder[where]));
  } else {
    const before = holder[where];
    Reflect.deleteProperty(holder, where);
    // As JSON.parse does it, for which __proto__ is a key like any other.
    if (how === 'rename')
      Object.defineProperty(holder, key, {
        value: before,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    if (how === 'repeat') holder[where] = [before, before];
  }
  return value;
}

function placesIn(value: unknown): readonly { readonly holder: Holder; readonly name: PropertyKey }[] {
  const places: { holder: Holder; name: PropertyKey }[] = [];
  const open = [value];
  for (let current = open.pop(); open.length > 0 || current !== undefined; current = open.pop()) {
    if (typeof current !== 'object' || current === null) continue;
    const holder = current as Holder;
    for (const [key, item] of Object.entries(holder)) {
      places.push({ holder, name: Array.isArray(holder) ? Number(key) : key });
      open.push(item);
    }
  }
  return places;
}

/** These texts, with pieces of them cut out, doubled or replaced. */
export function mangled(texts: readonly string[]): fc.Arbitrary<string> {
  const cut = fc.record({
    from: fc.nat(),
    length: fc.oneof(fc.nat(3), fc.nat(200)),
    by: fc.option(hostileText),
    twice: fc.boolean(),
  });
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(cut, { minLength: 1, maxLength: 4 }))
    .map(([text, cuts]) =>
      cuts.reduce((rest, { from, length, by, twice }) => {
        const start = from % (rest.length + 1);
        const piece = rest.slice(start, start + length);
        const instead = twice ? piece + piece : (by ?? '');
        return rest.slice(0, start) + instead + rest.slice(start + length);
      }, text),
    );
}
