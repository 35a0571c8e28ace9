import { describe, expect, test } from 'vitest';
import { text } from '../../../../src/health/http/answer.ts';
import { findHandler, readQuestion, type Routes } from '../../../../src/health/http/routes.ts';

const handler = (name: string) => () => text(200, name);
const ROUTES: Routes = {
  '/metrics': handler('metrics'),
  '/debug/': handler('debug'),
  '/debug/pprof/': handler('pprof'),
};

describe('a path leads to', () => {
  test.each([
    ['/metrics', '/metrics'],
    ['/debug/', '/debug/'],
    ['/debug/vars', '/debug/'],
    ['/debug/pprof/', '/debug/pprof/'],
    ['/debug/pprof/heap', '/debug/pprof/'],
  ])('%s: the handler of %s', (path, route) => {
    expect(findHandler(ROUTES, path)).toBe(ROUTES[route]);
  });

  test.each(['/', '/metrics/', '/metricsx', '/debug', '', 'metrics', '/toString', '/__proto__'])(
    '%j: none',
    (path) => {
      expect(findHandler(ROUTES, path)).toBeUndefined();
    },
  );
});

test.each([
  ['/rules', '/rules', []],
  ['/rules?', '/rules', []],
  [
    '/explain?from=10.0.0.1&to=a%3Fb',
    '/explain',
    [
      ['from', '10.0.0.1'],
      ['to', 'a?b'],
    ],
  ],
  ['/%zz?a=%zz', '/%zz', [['a', '%zz']]],
])('the target %j is path and query', (target, path, pairs) => {
  const question = readQuestion(target);
  expect(question.path).toBe(path);
  expect([...question.query]).toEqual(pairs);
});
