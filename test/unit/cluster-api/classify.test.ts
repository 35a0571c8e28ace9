import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultOfErrorEvent, faultOfException, faultOfResponse } from '../../../src/cluster/api/classify.ts';
import { garbled } from '../../../src/cluster/api/fault.ts';

function recordedBody(name: string): string {
  const text = readFileSync(new URL(`../../data/apiserver/${name}.http`, import.meta.url), 'utf8');
  return text
    .split(/\r?\n\r?\n/)
    .slice(2)
    .join('');
}

describe('the fault of an answer', () => {
  it.each([
    [400, 'unsupported'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'refused'],
    [409, 'refused'],
    [410, 'expired'],
    [422, 'unsupported'],
    [429, 'busy'],
    [500, 'busy'],
    [503, 'busy'],
    [504, 'busy'],
    [301, 'refused'],
  ])('of status %i is %s', (status, kind) => {
    expect(faultOfResponse(status, undefined, '').kind).toBe(kind);
    expect(faultOfResponse(status, undefined, '<html>').kind).toBe(kind);
  });

  it('of a recorded server', () => {
    expect(faultOfResponse(504, '1', recordedBody('list-future-resource-version'))).toEqual({
      kind: 'ahead',
      message: '504 Timeout Timeout: Too large resource version: 99999999, current: 31074',
    });
    expect(faultOfResponse(401, undefined, recordedBody('list-unauthorized'))).toEqual({
      kind: 'unauthorized',
      message: '401 Unauthorized Unauthorized',
    });
    const event = JSON.parse(recordedBody('watch-expired')) as { object: unknown };
    expect(faultOfErrorEvent(event.object)).toEqual({
      kind: 'expired',
      message: '410 Expired too old resource version: 1 (30290)',
    });
  });

  it.each([
    ['1', 1_000],
    [' 30 ', 30_000],
    ['0', 0],
    ['86400', 120_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['-5', undefined],
    ['soon', undefined],
  ])('has of Retry-After: %s %s ms', (header, retryAfter) => {
    expect(faultOfResponse(503, header, '')).toMatchObject({ kind: 'busy', retryAfter });
  });

  it('has the wait of the Status where there is no header', () => {
    const body = JSON.stringify({ details: { retryAfterSeconds: 2 } });
    expect(faultOfResponse(429, undefined, body)).toMatchObject({ kind: 'busy', retryAfter: 2_000 });
  });
});

describe('the fault of an ERROR event', () => {
  it.each([
    [{ code: 410, reason: 'Gone' }, 'expired'],
    [{ reason: 'Expired' }, 'expired'],
    [{ code: 500 }, 'busy'],
    [{}, 'busy'],
    ['oops', 'garbled'],
    [undefined, 'garbled'],
  ])('%o is %s', (object, kind) => {
    expect(faultOfErrorEvent(object).kind).toBe(kind);
  });
});

describe('the fault of an exception', () => {
  it('is that of the connection where the system has a code for it', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:6443'), { code: 'ECONNREFUSED' });
    expect(faultOfException(refused)).toEqual({
      kind: 'connection',
      message: 'connect ECONNREFUSED ::1:6443',
    });
    const both = Object.assign(new AggregateError([refused, refused], ''), { code: 'ECONNREFUSED' });
    expect(faultOfException(both).message).toContain('::1:6443; Error: connect');
    expect(faultOfException(Object.assign(new Error(''), { code: 'ECONNRESET' })).message).toBe('ECONNRESET');
  });

  it('is the one that it carries', () => {
    expect(faultOfException(garbled('nonsense'))).toEqual({ kind: 'garbled', message: 'nonsense' });
  });

  it('is none where we made a mistake', () => {
    expect(() => faultOfException(new TypeError('x is not a function'))).toThrow('x is not a function');
  });
});
