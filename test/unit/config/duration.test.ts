import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/config/duration.ts';

const HOUR = 3_600_000;

describe('reading a duration', () => {
  test.each([
    ['0', 0],
    ['+0', 0],
    ['-0', 0],
    ['0s', 0],
    ['-0s', 0],
    ['1h0m0s', HOUR],
    ['24h0m0s', 24 * HOUR],
    ['1.5s', 1500],
    ['1.s', 1000],
    ['.5s', 500],
    ['+5s', 5000],
    ['100ms', 100],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['1ns', 0.000001],
    ['-1s', -1000],
    ['-1.5h', -1.5 * HOUR],
    ['1s2s', 3000],
    ['0.1ns', 0],
    ['1.9ns', 0.000001],
    ['0.000000001h', 0.0036],
    ['1.0000000000000000000000000001s', 1000],
    ['9223372036854775807ns', 9223372036854.775807],
    ['-9223372036854775808ns', -9223372036854.775808],
  ])('takes %s for %d ms, as Go does', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    '',
    '1',
    's',
    '.s',
    '.',
    '-',
    '+',
    '1d',
    '1S',
    '1e3s',
    ' 5s',
    '5 s',
    '5s ',
    '--5s',
    '5s-1s',
    '0.',
  ])('takes "%s" for no duration, as Go does', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each(['9223372036854775808ns', '-9223372036854775809ns', '3000000h'])(
    'takes %s for no duration, as it is longer than Go can hold',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('printing a duration', () => {
  test.each([
    [0, '0s'],
    [0.000001, '1ns'],
    [0.000999, '999ns'],
    [0.001, '1µs'],
    [0.0015, '1.5µs'],
    [1, '1ms'],
    [1.5, '1.5ms'],
    [100.05, '100.05ms'],
    [1000, '1s'],
    [15_000, '15s'],
    [60_000, '1m0s'],
    [90_000, '1m30s'],
    [HOUR, '1h0m0s'],
    [3_661_000.0005, '1h1m1.0000005s'],
    [24 * HOUR, '24h0m0s'],
    [-1500, '-1.5s'],
    [-0.000001, '-1ns'],
  ])('writes %d ms as %s, as Go does', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe('any duration', () => {
  /** As far as a float of milliseconds holds every nanosecond: some 52 days. */
  const nanoseconds = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });

  test('comes back as it was when it is printed and read', () => {
    fc.assert(
      fc.property(nanoseconds, (ns) => {
        const milliseconds = ns / 1_000_000;
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });

  test('is the sum of its parts, whatever their order', () => {
    const units = { h: HOUR, m: 60_000, s: 1000, ms: 1 } as const;
    const part = fc.record({
      amount: fc.nat(10_000),
      unit: fc.constantFrom<keyof typeof units>('h', 'm', 's', 'ms'),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const text = parts.map(({ amount, unit }) => `${amount}${unit}`).join('');
        const sum = parts.reduce((total, { amount, unit }) => total + amount * units[unit], 0);
        expect(parseDuration(text)).toBe(sum);
      }),
    );
  });

  test('is read or refused from any text, never thrown over', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[-+]?[\d.]{0,4}[nuµmsh.\d]{0,6}$/));
    fc.assert(
      fc.property(text, (given) => {
        const read = parseDuration(given);
        expect(read === undefined || Number.isFinite(read)).toBe(true);
      }),
    );
  });
});
