import { describe, expect, it } from 'vitest';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import type { Cluster } from '../../src/model/objects.ts';
import { FAMILIES, type Family } from '../../src/net/address.ts';
import {
  casesIn,
  expectedRules,
  loadCase,
  RANDOM_CLUSTERS,
  RULE_BOOK,
  rulesetOfCase,
  type LoadedCase,
} from '../support/cases.ts';

function rendered(loaded: LoadedCase, family: Family): string {
  return canonicalRules([...restoreLines(rulesetOfCase(loaded, family))].join('\n'));
}

/**
 * Where two slices hold the same endpoint with other conditions, kube-proxy lets its map's random order
 * choose. In these runs its choice was the other one: shown by taking the endpoint out of the slice
 * that ours prefers. The same cluster under other settings was captured with our choice.
 */
const OTHER_CHOICES: readonly { case: string; family: Family; slice: string; address: string }[] = [
  { case: 'default-040', family: 'ipv4', slice: 'api-4-4-2', address: '10.244.1.121' },
  { case: 'nolocalhost-003', family: 'ipv6', slice: 'web-7-6-2', address: 'fd00:10:244:3::a396' },
  { case: 'npprimary-003', family: 'ipv6', slice: 'web-7-6-2', address: 'fd00:10:244:3::a396' },
];

function withoutEndpoint(cluster: Cluster, sliceName: string, address: string): Cluster {
  const slices = cluster.slices.map((slice) =>
    slice.name === sliceName
      ? { ...slice, endpoints: slice.endpoints.filter((endpoint) => endpoint.address !== address) }
      : slice,
  );
  return { ...cluster, slices };
}

describe('the classic layout is what kube-proxy 1.36 leaves in the kernel', () => {
  it('has all captured cases before it', () => {
    expect(casesIn(RULE_BOOK)).toHaveLength(78);
    expect(casesIn(RANDOM_CLUSTERS)).toHaveLength(88);
  });

  for (const folder of [...casesIn(RULE_BOOK), ...casesIn(RANDOM_CLUSTERS)]) {
    for (const family of FAMILIES) {
      it(`${folder.name}, ${family}`, () => {
        const loaded = loadCase(folder);
        const expected = expectedRules(folder, family);
        const other = OTHER_CHOICES.find((entry) => entry.case === folder.name && entry.family === family);
        if (other === undefined) {
          expect(rendered(loaded, family)).toBe(expected);
          return;
        }
        const cluster = withoutEndpoint(loaded.cluster, other.slice, other.address);
        expect(rendered(loaded, family)).not.toBe(expected);
        expect(rendered({ ...loaded, cluster }, family)).toBe(expected);
      });
    }
  }
});

describe('a dry run', () => {
  it('prints the same bytes whatever the order of the input', () => {
    for (const folder of casesIn(RULE_BOOK)) {
      const loaded = loadCase(folder);
      const { services, slices, nodes } = loaded.cluster;
      const reversed: Cluster = {
        services: services.toReversed().map((service) => ({ ...service, ports: service.ports.toReversed() })),
        slices: slices.toReversed().map((slice) => ({
          ...slice,
          ports: slice.ports.toReversed(),
          endpoints: slice.endpoints.toReversed(),
        })),
        nodes: nodes.toReversed(),
      };
      for (const family of FAMILIES) {
        const lines = [...restoreLines(rulesetOfCase(loaded, family))];
        expect([...restoreLines(rulesetOfCase({ ...loaded, cluster: reversed }, family))]).toEqual(lines);
      }
    }
  });

  it('never names a chain before it is declared', () => {
    for (const folder of [...casesIn(RULE_BOOK), ...casesIn(RANDOM_CLUSTERS)]) {
      const declared = new Set<string>();
      for (const line of restoreLines(rulesetOfCase(loadCase(folder), 'ipv4'))) {
        if (line.startsWith('*')) declared.clear();
        if (line.startsWith(':')) declared.add(line.slice(1, line.indexOf(' ')));
        const target = / -j (KUBE-\S+)/.exec(line)?.[1];
        if (target !== undefined) expect(declared, line).toContain(target);
      }
    }
  });
});
