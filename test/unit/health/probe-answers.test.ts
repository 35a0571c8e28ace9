import { describe, expect, test } from 'vitest';
import type { TextAnswer } from '../../../src/health/http/answer.ts';
import { healthzAnswer, livezAnswer } from '../../../src/health/probe-answers.ts';
import type { ProxyHealth } from '../../../src/health/proxy-health.ts';
import { recorded } from '../../http/recorded.ts';

const STAYING = { leaving: false };
const LEAVING = { leaving: true };

interface Recorded {
  readonly currentTime: string;
  readonly healthy: boolean;
  readonly status: Readonly<
    Record<'IPv4' | 'IPv6', { readonly lastUpdated: string; readonly healthy: boolean }>
  >;
}

/** The health in which kube-proxy was when it gave this answer. */
function healthIn(name: string): ProxyHealth {
  const { currentTime, healthy, status } = JSON.parse(recorded(name).body) as Recorded;
  const family = (of: 'ipv4' | 'ipv6', { lastUpdated, healthy: good }: Recorded['status']['IPv4']) => {
    return { family: of, lastUpdated: Date.parse(lastUpdated), healthy: good };
  };
  return {
    healthy,
    at: Date.parse(currentTime),
    families: [family('ipv4', status.IPv4), family('ipv6', status.IPv6)],
  };
}

/** Go prints nanoseconds, we have milliseconds. */
function inMilliseconds(body: string): string {
  return body.replaceAll(/(\.\d{3})\d*Z/g, '$1Z');
}

const bodyOf = ({ body }: TextAnswer) => JSON.parse(body) as unknown;

describe('kube-proxy answered', () => {
  test.each([
    ['healthz', healthzAnswer(healthIn('healthz'), STAYING)],
    ['healthz-node-to-be-deleted', healthzAnswer(healthIn('healthz-node-to-be-deleted'), LEAVING)],
    ['livez', livezAnswer(healthIn('livez'))],
    ['livez-node-to-be-deleted', livezAnswer(healthIn('livez-node-to-be-deleted'))],
  ])('%s, and so do we', (name, answer) => {
    const { status, headers, body } = recorded(name);
    expect(answer.body).toBe(inMilliseconds(body));
    expect(answer.status).toBe(status);
    const { Date: date, 'Content-Length': length, ...others } = headers;
    expect(answer.headers).toEqual(others);
    expect([date, length]).not.toContain(undefined);
  });
});

describe('when a change waits for too long', () => {
  const late: ProxyHealth = {
    healthy: false,
    at: 100_000,
    families: [
      { family: 'ipv4', lastUpdated: 20_000, healthy: true },
      { family: 'ipv6', lastUpdated: 10_000, healthy: false },
    ],
  };
  const status = {
    IPv4: { lastUpdated: '1970-01-01T00:00:20.000Z', healthy: true },
    IPv6: { lastUpdated: '1970-01-01T00:00:10.000Z', healthy: false },
  };
  const common = {
    lastUpdated: '1970-01-01T00:00:20.000Z',
    currentTime: '1970-01-01T00:01:40.000Z',
    healthy: false,
    status,
  };

  test('/healthz says 503, and when the last update of any family was', () => {
    const answer = healthzAnswer(late, STAYING);
    expect(answer.status).toBe(503);
    expect(bodyOf(answer)).toEqual({ ...common, nodeEligible: true });
  });

  test('/livez says 503 too', () => {
    const answer = livezAnswer(late);
    expect(answer.status).toBe(503);
    expect(bodyOf(answer)).toEqual(common);
  });
});

describe('before the first update', () => {
  const starting: ProxyHealth = { healthy: true, at: 0, families: [] };

  test('/livez is well and names no family', () => {
    const answer = livezAnswer(starting);
    expect(answer.status).toBe(200);
    expect(bodyOf(answer)).toEqual({
      lastUpdated: '1970-01-01T00:00:00.000Z',
      currentTime: '1970-01-01T00:00:00.000Z',
      healthy: true,
    });
  });

  test('a node that the cluster does not know takes no traffic', () => {
    const answer = healthzAnswer(starting, undefined);
    expect(answer.status).toBe(503);
    expect(bodyOf(answer)).toEqual({
      lastUpdated: '0001-01-01T00:00:00Z',
      currentTime: '1970-01-01T00:00:00.000Z',
      nodeEligible: false,
      healthy: true,
    });
  });
});
