import { describe, expect, it } from 'vitest';
import { classicRuleset } from '../../../src/chains/ruleset.ts';
import { chooseNode } from '../../../src/cluster/identity.ts';
import { nodeKey } from '../../../src/golden/alike.ts';
import { restoreLines } from '../../../src/iptables/restore-text.ts';
import { FAMILIES } from '../../../src/net/address.ts';
import { nodeView } from '../../../src/routing/node-view.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import { CAPTURE_HOST, casesIn, loadCase, RANDOM_CLUSTERS, RULE_BOOK } from '../../support/cases.ts';

describe('the key of a node', () => {
  it('is shared by nodes of captured cases only where their rules are the same', () => {
    let shared = 0;
    let different = 0;
    for (const folder of [...casesIn(RULE_BOOK), ...casesIn(RANDOM_CLUSTERS)]) {
      const { cluster, settings } = loadCase(folder);
      const named = cluster.slices.flatMap(({ endpoints }) => endpoints.map(({ nodeName }) => nodeName));
      const known = cluster.nodes.map(({ name }) => name);
      const names = new Set(
        [...known, ...named, 'elsewhere', 'far away'].filter((name) => name !== undefined),
      );
      for (const family of FAMILIES) {
        const rulesByKey = new Map<string, string>();
        for (const hostnameOverride of names) {
          const { identity } = chooseNode(cluster, { ...settings, hostnameOverride });
          const view = nodeView(family, settings, identity, CAPTURE_HOST);
          const services = clusterRoutes(cluster, view);
          const rules = [...restoreLines(classicRuleset(services, view))].join('\n');
          const key = nodeKey(services, view);
          const known = rulesByKey.get(key);
          if (known === undefined) different += 1;
          else {
            expect(rules, `${folder.name}, ${hostnameOverride}, ${family}`).toBe(known);
            shared += 1;
          }
          rulesByKey.set(key, rules);
        }
      }
    }
    expect(shared).toBeGreaterThan(300);
    expect(different).toBeGreaterThan(300);
  });
});
