import { expect, test } from 'vitest';
import { formatNumber } from '../../../src/metrics/number.ts';
import { recorded } from '../../http/recorded.ts';

test.each([
  [0, '0'],
  [-1, '-1'],
  [0.001, '0.001'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [0.25, '0.25'],
  [16.384, '16.384'],
  [123_456, '123456'],
  [1_000_000, '1e+06'],
  [1_234_567.5, '1.2345675e+06'],
  [-2_000_000, '-2e+06'],
  [2 ** 64, '1.8446744073709552e+19'],
  [1e100, '1e+100'],
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
  [NaN, 'NaN'],
])('%d is written %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test('every number that kube-proxy wrote is written as it wrote it', () => {
  const written = recorded('metrics')
    .body.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => [line.slice(line.lastIndexOf(' ') + 1), /[{,]le="([^"]*)"/.exec(line)?.[1] ?? '0']);
  expect(written.length).toBeGreaterThan(1000);
  expect(written.map((text) => formatNumber(Number(text.replace('Inf', 'Infinity'))))).toEqual(written);
});
