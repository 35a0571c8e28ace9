import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { badObjects } from '../../../src/cluster/api/bad-objects.ts';
import { faultLog } from '../../../src/cluster/api/fault-log.ts';

let lines: string[];
const writer = (level: string) => (first: unknown, second?: string) => {
  lines.push(`${level} ${second ?? String(first)}`);
};
const log = { debug: () => undefined, info: writer('info'), warn: writer('warn') };

beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => vi.useRealTimers());

describe('the log of faults', () => {
  it('tells trouble when it begins, changes, lasts, and ends', () => {
    const { fault, progress } = faultLog(log, 'services');
    for (let second = 0; second < 150; second += 1) {
      fault({ kind: 'connection', message: 'refused' }, 30_000);
      vi.advanceTimersByTime(1_000);
    }
    fault({ kind: 'forbidden', message: '403' }, 200);
    progress();
    progress();
    expect(lines).toEqual([
      'warn services: refused; trying again in 30.0 s. What is known stays in force',
      'warn services: refused; trying again in 30.0 s. What is known stays in force',
      'warn services: refused; trying again in 30.0 s. What is known stays in force',
      'warn services: 403; trying again in 0.2 s. What is known stays in force',
      'info services: the API server is followed again after 150 s',
    ]);
  });

  it('says nothing of what belongs to the life of a watch', () => {
    const { fault, progress } = faultLog(log, 'services');
    fault({ kind: 'expired', message: '410' }, 0);
    fault({ kind: 'unsupported', message: '422' }, 0);
    fault({ kind: 'silent', message: 'nothing came' }, 200);
    progress();
    fault({ kind: 'silent', message: 'nothing came' }, 200);
    progress();
    expect(lines).toEqual([]);
  });

  it('tells silence that follows silence', () => {
    const { fault } = faultLog(log, 'services');
    fault({ kind: 'silent', message: 'nothing came' }, 200);
    fault({ kind: 'silent', message: 'nothing came' }, 200);
    expect(lines).toHaveLength(1);
  });
});

describe('the log of bad objects', () => {
  const problem = (path: string) => ({ where: 'Service a/b', path, message: 'is wrong' });

  it('tells each problem of each object once, until the object was well', () => {
    const { tell, forget } = badObjects(log);
    tell('a/b', [problem('x')], '');
    tell('a/b', [problem('x'), problem('y')], 'passed over');
    tell('a/b', [problem('x')], '');
    forget('a/b');
    tell('a/b', [problem('x')], '');
    expect(lines).toEqual([
      'warn Service a/b: x: is wrong',
      'warn Service a/b: y: is wrong; passed over',
      'warn Service a/b: x: is wrong',
    ]);
  });

  it('tells how many it left out', () => {
    const { tell } = badObjects(log);
    for (let index = 0; index < 50; index += 1) tell(`a/${index}`, [problem('x')], '');
    expect(lines).toHaveLength(20);
    vi.advanceTimersByTime(61_000);
    tell('a/b', [problem('x')], '');
    expect(lines.slice(20)).toEqual([
      'warn 30 more warnings about objects were left out',
      'warn Service a/b: x: is wrong',
    ]);
  });
});
