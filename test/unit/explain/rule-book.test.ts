import { describe, expect, it } from 'vitest';
import { chooseNode } from '../../../src/cluster/identity.ts';
import { explain } from '../../../src/explain/explain.ts';
import type { WayEntry } from '../../../src/explain/schema.ts';
import { situationOfNode, type Rules } from '../../../src/explain/situation-of-node.ts';
import { nodeAddressesInRules, viewOfRules } from '../../../src/explain/view-of-rules.ts';
import { nodeFacts } from '../../../src/inspect/facts.ts';
import { programOfSave } from '../../../src/inspect/program.ts';
import { FAMILIES, type Family } from '../../../src/net/address.ts';
import { serviceKey } from '../../../src/routing/routes.ts';
import { CAPTURE_HOST, casesIn, expectedRules, loadCase, RULE_BOOK, type Case } from '../../support/cases.ts';
import { service } from './building.ts';

const CASES = casesIn(RULE_BOOK).filter(({ name }) => !name.startsWith('large-cluster/'));

function situation(folder: Case, family: Family, rules: Rules) {
  const { cluster, settings } = loadCase(folder);
  const { identity } = chooseNode(cluster, settings);
  return situationOfNode({ cluster, settings, identity, host: CAPTURE_HOST }, family, rules);
}

/** All that matters of a way; indexed chances may differ in the last bits. */
function essence({ entry, to, from, verdict, branches, findings }: WayEntry) {
  return {
    entry,
    to,
    from,
    verdict,
    ends: branches
      .map(
        ({ outcome, address, port, masqueraded, share }) =>
          `${outcome} ${String(address)} ${String(port)} ${masqueraded} ${share.toFixed(6)}`,
      )
      .sort(),
    findings,
  };
}

describe('every service of the rule book', () => {
  it.each(CASES)('$name', (folder) => {
    let ways = 0;
    for (const family of FAMILIES) {
      const program = programOfSave(expectedRules(folder, family).split('\n'), family);
      const captured = situation(folder, family, { kind: 'found', program, machine: undefined });
      const made = (['classic', 'indexed'] as const).map((name) =>
        situation(folder, family, { kind: 'made', layout: { name, comments: 'auto' } }),
      );
      for (const each of captured.wanted?.cluster.services ?? []) {
        const explained = explain(service(serviceKey(each)), { kind: 'default' }, [captured]);
        for (const other of made) {
          const { ways: others, findings } = explain(service(serviceKey(each)), { kind: 'default' }, [other]);
          expect(others.map(essence)).toEqual(explained.ways.map(essence));
          expect(findings).toEqual(explained.findings);
        }
        for (const way of explained.ways) {
          const causes = way.findings.filter(({ kind }) => kind === 'cause');
          expect([way.to, way.verdict, causes.length > 0]).toEqual([
            way.to,
            way.verdict,
            way.verdict !== 'through',
          ]);
        }
        if (explained.ways.length === 0)
          expect(explained.findings.map(({ kind }) => kind)).toEqual(['cause']);
        ways += explained.ways.length;
      }
    }
    expect(ways).toBeGreaterThan(0);
  });

  it.each(CASES)('$name, by its rules alone', (folder) => {
    for (const family of FAMILIES) {
      const program = programOfSave(expectedRules(folder, family).split('\n'), family);
      const known = situation(folder, family, { kind: 'found', program, machine: undefined });
      const own = nodeAddressesInRules(program, family, undefined);
      const alone = {
        ...known,
        view: viewOfRules(program, known.view, own),
        facts: nodeFacts(own),
        wanted: undefined,
      };
      for (const each of known.wanted?.cluster.services ?? []) {
        const ofCluster = explain(service(serviceKey(each)), { kind: 'default' }, [known]).ways;
        const ofRules = explain(service(serviceKey(each)), { kind: 'default' }, [alone]).ways;
        const ends = (ways: readonly WayEntry[]) =>
          ways
            .map(
              ({ entry, to, protocol, verdict }) =>
                `${entry === 'nodePort' ? 'node' : to.address}:${to.port}/${protocol} ${verdict}`,
            )
            .sort();
        // Who asks a load balancer with source ranges is chosen by what the cluster says of them.
        if (each.loadBalancerSourceRanges.length === 0) expect(ends(ofRules)).toEqual(ends(ofCluster));
      }
    }
  });
});
