import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/cluster/source.ts';
import { programmingLatency } from '../../../src/daemon/programming-latency.ts';
import { plainSlice } from '../../support/plain-objects.ts';

const slice = (serviceName: string, changedAt: number): Change => ({
  kind: 'slice',
  key: `default/${serviceName}-a`,
  object: plainSlice({ serviceName, changedAt, ports: [], endpoints: [] }),
});

/** Seconds pass only when they are told to. */
function staged() {
  let seconds = 1_000;
  const latency = programmingLatency(() => seconds * 1000);
  return {
    ...latency,
    at: (moment: number): void => {
      seconds = moment;
    },
  };
}

describe('the latency of a change', () => {
  it('lasts from when it happened to the end of the sync that wrote it, and is told once', () => {
    const { note, take, at } = staged();
    at(1_002);
    note([slice('web', 1_001_000), slice('dns', 1_001_500)]);
    at(1_005);
    const services = new Set(['default/web']);
    expect(take({ services, seconds: 1 })).toEqual([4]);
    expect(take({ services, seconds: 1 })).toEqual([]);
    expect(take({ services: undefined, seconds: 1 })).toEqual([3.5]);
  });

  it('goes on where it came while a sync was under way, which wrote what was before', () => {
    const { note, take, at } = staged();
    const services = new Set(['default/web']);
    at(1_002);
    note([slice('web', 1_001_000)]);
    at(1_004);
    note([slice('web', 1_004_000)]);
    at(1_005);
    expect(take({ services, seconds: 2 })).toEqual([4]);
    at(1_007);
    expect(take({ services, seconds: 1 })).toEqual([3]);
  });

  it('does not count what happened before the beginning', () => {
    const { note, take, at } = staged();
    note([slice('web', 999_000)]);
    at(1_005);
    expect(take({ services: undefined, seconds: 1 })).toEqual([]);
  });
});
