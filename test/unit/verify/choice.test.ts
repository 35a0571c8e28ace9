import { describe, expect, it } from 'vitest';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import { choose, type VerifyMode } from '../../../src/verify/choice.ts';
import { largeCluster } from '../../bench/large-cluster.ts';
import { randomFrom } from '../../support/crowd.ts';
import { view } from '../../support/one-service.ts';

const MANY = clusterRoutes(largeCluster(1_000, 2), view);

function chosen(mode: VerifyMode, services: typeof MANY, suspects: readonly string[] = [], seed = 1) {
  return choose(mode, services, new Set(suspects), randomFrom(seed));
}

describe('what is proven of a sync', () => {
  it('is nothing, or everything, as was asked', () => {
    expect(chosen('off', MANY)).toEqual([]);
    const all = chosen('always', MANY);
    expect(all.map(({ service }) => service)).toEqual(MANY);
  });

  it('is a bounded sample, another one each time', () => {
    const names = (seed: number) => chosen('sample', MANY, [], seed).map(({ service }) => service.service);
    expect(names(1)).toHaveLength(10);
    expect(new Set(names(1)).size).toBe(10);
    expect(names(1)).not.toEqual(names(2));
    expect(chosen('sample', MANY.slice(0, 40))).toHaveLength(4);
    expect(chosen('sample', MANY.slice(0, 3))).toHaveLength(3);
  });

  it('ends whatever the random numbers are', () => {
    expect(choose('sample', MANY, new Set(), () => 0)).toHaveLength(1);
  });

  it('has suspects first, and spends more on them', () => {
    const suspects = MANY.slice(500, 505).map(({ service }) => service);
    const sample = chosen('sample', MANY, suspects);
    expect(sample.slice(0, 5).map(({ service }) => service.service)).toEqual(suspects);
    const [most, least] = [sample[0]?.fates ?? 0, sample[5]?.fates ?? 0];
    expect(sample.map(({ fates }, index) => fates === (index < 5 ? most : least))).not.toContain(false);
    expect(most).toBeGreaterThan(least);
  });
});
