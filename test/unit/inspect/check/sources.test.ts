import { describe, expect, it } from 'vitest';
import { commonSources, endpointSources } from '../../../../src/inspect/check/sources.ts';
import { nodeFacts } from '../../../../src/inspect/facts.ts';
import { fromBigInt } from '../../../../src/net/address.ts';
import { choice, plainEndpoint, plainRoute, plainView } from '../../../support/plain-routes.ts';

const FACTS = nodeFacts([]);

/** The endpoints of a service of so many that are tried as clients of it. */
function tried(count: number, isFirst = true) {
  const endpoints = Array.from({ length: count }, (_, index) =>
    plainEndpoint(fromBigInt('ipv4', 0x0a80_0001n + BigInt(index)), 8080),
  );
  const clusterIP = fromBigInt('ipv4', 0x0a60_0001n);
  const route = plainRoute({ service: 'shop', clusterIP, port: 80, endpoints: choice(endpoints) });
  return endpointSources(route, commonSources(plainView(), FACTS), FACTS, isFirst).map(
    ({ address }) => address,
  );
}

describe('endpoints as clients of their service', () => {
  it('are all tried where they are not very many', () => {
    expect([1, 64, 65, 1_000].map((count) => tried(count).length)).toEqual([1, 64, 65, 1_000]);
  });

  it('are the fewer the more there are, since each is dealt out all of them', () => {
    expect([1_001, 2_000, 20_000, 100_000].map((count) => tried(count).length)).toEqual([999, 500, 64, 64]);
  });

  it('are few at all entries but the first of a kind', () => {
    expect([64, 65, 20_000].map((count) => tried(count, false).length)).toEqual([64, 64, 64]);
  });

  it('are spread evenly, with the first and the last', () => {
    const all = tried(5_000);
    expect(all).toHaveLength(200);
    expect(new Set(all).size).toBe(200);
    expect([all[0], all.at(-1)]).toEqual(['10.128.0.1', '10.128.19.136']);
  });
});
