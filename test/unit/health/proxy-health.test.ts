import { describe, expect, test } from 'vitest';
import type { Moment } from '../../../src/health/clock.ts';
import { trackHealth } from '../../../src/health/proxy-health.ts';

const SYNC_PERIOD = 30_000;

function tracked() {
  let now: Moment = { wall: 1_000_000, steady: 5 };
  const tracker = trackHealth({ syncPeriod: SYNC_PERIOD, clock: () => now });
  return {
    ...tracker,
    pass(milliseconds: number) {
      now = { wall: now.wall + milliseconds, steady: now.steady + milliseconds };
    },
    setWallClock(wall: number) {
      now = { ...now, wall };
    },
    healthy: () => tracker.health().healthy,
  };
}

describe('the health of the proxy', () => {
  test('is good before anything happened', () => {
    expect(tracked().health()).toEqual({ healthy: true, at: 1_000_000, families: [] });
  });

  test('is good however long ago the last update was, while nothing waits', () => {
    const proxy = tracked();
    proxy.updated('ipv4');
    proxy.pass(86_400_000);
    expect(proxy.health()).toEqual({
      healthy: true,
      at: 87_400_000,
      families: [{ family: 'ipv4', lastUpdated: 1_000_000, healthy: true }],
    });
  });

  test('ends when a change has waited for two sync periods, and not a millisecond before', () => {
    const proxy = tracked();
    proxy.updated('ipv4');
    proxy.queuedUpdate('ipv4');
    proxy.pass(2 * SYNC_PERIOD - 1);
    expect(proxy.healthy()).toBe(true);
    proxy.pass(1);
    expect(proxy.healthy()).toBe(false);
  });

  test('counts from the oldest change that waits', () => {
    const proxy = tracked();
    proxy.updated('ipv4');
    proxy.queuedUpdate('ipv4');
    proxy.pass(SYNC_PERIOD);
    proxy.queuedUpdate('ipv4');
    proxy.pass(SYNC_PERIOD);
    expect(proxy.healthy()).toBe(false);
  });

  test('returns with an update, after which the next change counts anew', () => {
    const proxy = tracked();
    proxy.updated('ipv4');
    proxy.queuedUpdate('ipv4');
    proxy.pass(3 * SYNC_PERIOD);
    proxy.updated('ipv4');
    expect(proxy.healthy()).toBe(true);
    proxy.queuedUpdate('ipv4');
    proxy.pass(SYNC_PERIOD);
    expect(proxy.healthy()).toBe(true);
    proxy.pass(SYNC_PERIOD);
    expect(proxy.healthy()).toBe(false);
  });

  test('is bad when one family is, which is named', () => {
    const proxy = tracked();
    proxy.updated('ipv6');
    proxy.updated('ipv4');
    proxy.queuedUpdate('ipv6');
    proxy.pass(2 * SYNC_PERIOD);
    proxy.queuedUpdate('ipv4');
    expect(proxy.health()).toMatchObject({
      healthy: false,
      families: [
        { family: 'ipv4', healthy: true },
        { family: 'ipv6', healthy: false },
      ],
    });
  });

  test('does not wait for a family that never had an update', () => {
    const proxy = tracked();
    proxy.updated('ipv4');
    proxy.queuedUpdate('ipv6');
    proxy.pass(10 * SYNC_PERIOD);
    expect(proxy.health()).toMatchObject({ healthy: true, families: [{ family: 'ipv4' }] });
  });

  test.each([
    ['forward', 9_000_000_000],
    ['back', 0],
  ])('does not care when the wall clock is set %s', (_way, wall) => {
    const proxy = tracked();
    proxy.updated('ipv4');
    proxy.queuedUpdate('ipv4');
    proxy.setWallClock(wall);
    expect(proxy.healthy()).toBe(true);
    proxy.pass(2 * SYNC_PERIOD);
    expect(proxy.healthy()).toBe(false);
  });
});
