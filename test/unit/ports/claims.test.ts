import { describe, expect, it } from 'vitest';
import { casesIn, loadCase, RULE_BOOK } from '../../support/cases.ts';
import { classicRuleset } from '../../../src/chains/ruleset.ts';
import { chooseNode } from '../../../src/cluster/identity.ts';
import { restoreLines } from '../../../src/iptables/restore-text.ts';
import { FAMILIES } from '../../../src/net/address.ts';
import { claimsOf } from '../../../src/ports/claims.ts';
import { kernelReading } from '../../../src/ports/kernel-rules.ts';
import { matchRules } from '../../../src/ports/rule-match.ts';
import { nodeView } from '../../../src/routing/node-view.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import { CAPTURE_HOST } from '../../support/cases.ts';
import { claims, DUAL_STACK, port, service, slice } from './building.ts';

/** `30080/tcp web/shop` and what becomes of it. */
const shown = (objects: readonly object[]) =>
  claims(objects).map(({ port, protocol, service, use, policy, families }) => [
    `${port}/${protocol} ${service} ${use} ${policy}`,
    ...families.map(
      ({ family, fate, endpoints: { local, total } }) => `${family} ${fate} ${local} of ${total ?? '-'}`,
    ),
  ]);

describe('the node ports of a cluster', () => {
  it('come by number and protocol, not by service', () => {
    const objects = [
      service('b', {
        ports: [port(30090), { ...port(30080, { port: 81 }), protocol: 'UDP', name: 'u' }].map(
          (each, index) => ({ name: `p${index}`, ...each }),
        ),
      }),
      service('a', { ports: [port(30080)] }),
      service('inner', { type: 'ClusterIP', ports: [{ port: 80 }] }),
    ];
    expect(shown(objects).map(([first]) => first)).toEqual([
      '30080/tcp web/a traffic Cluster',
      '30080/udp web/b:u traffic Cluster',
      '30090/tcp web/b:p0 traffic Cluster',
    ]);
  });

  it.each([
    ['Cluster', ['node-a', 'node-b'], 'forwarded 1 of 2'],
    ['Cluster', ['node-b'], 'forwarded 0 of 1'],
    ['Cluster', [], 'refused 0 of 0'],
    ['Local', ['node-a', 'node-b'], 'forwarded 1 of 2'],
    ['Local', ['node-b'], 'dropped 0 of 1'],
    ['Local', [], 'refused 0 of 0'],
  ])('policy %s with endpoints on %j: %s', (externalTrafficPolicy, nodes, expected) => {
    const objects = [service('a', { externalTrafficPolicy, ports: [port(30080)] }), slice('a', nodes)];
    expect(shown(objects)).toEqual([
      [`30080/tcp web/a traffic ${externalTrafficPolicy}`, `ipv4 ${expected}`],
    ]);
  });

  it('count the endpoints of each family', () => {
    const objects = [
      service('a', { ...DUAL_STACK, ports: [port(30080)] }),
      slice('a', ['node-a', 'node-b']),
      slice('a', ['node-b'], 'ipv6'),
    ];
    expect(shown(objects)).toEqual([
      ['30080/tcp web/a traffic Cluster', 'ipv4 forwarded 1 of 2', 'ipv6 forwarded 0 of 1'],
    ]);
  });

  it.each([
    [['node-a'], 'ipv4 healthy 1 of -'],
    [['node-b'], 'ipv4 unhealthy 0 of -'],
  ])('hold that of the health checks, with an endpoint on %j', (nodes, expected) => {
    const objects = [
      service('a', {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 32000,
        ports: [port(30080)],
      }),
      slice('a', nodes),
    ];
    expect(shown(objects)[1]).toEqual(['32000/tcp web/a healthChecks Local', expected]);
  });
});

describe('each fate is the one of the rules', () => {
  for (const folder of casesIn(RULE_BOOK)) {
    it(folder.name, () => {
      const { cluster, settings } = loadCase(folder);
      const { identity } = chooseNode(cluster, settings);
      for (const family of FAMILIES) {
        const view = nodeView(family, settings, identity, CAPTURE_HOST);
        const reading = kernelReading();
        for (const line of restoreLines(classicRuleset(clusterRoutes(cluster, view), view))) {
          // Both tables in one go: the reader takes from each what is its own.
          const counted = line.startsWith('-A') ? `[1:60] ${line}` : line;
          for (const table of ['filter', 'nat'] as const) reading.line(table, counted);
        }
        const rules = reading.finish();
        for (const claim of claimsOf(cluster, [view])) {
          for (const ofFamily of claim.families) {
            const { rule, packets, turnedAway } = matchRules(claim, ofFamily, rules);
            const what = `${family} ${claim.port} ${ofFamily.fate}`;
            expect(rule, what).toBe('present');
            const { fate } = ofFamily;
            expect(packets !== null, what).toBe(fate !== 'refused');
            expect(turnedAway !== null, what).toBe(fate === 'refused' || fate === 'dropped');
          }
        }
      }
    });
  }
});
