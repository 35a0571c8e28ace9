import { describe, expect, it } from 'vitest';
import type { From } from '../../../src/explain/askers.ts';
import type { Question } from '../../../src/explain/explain.ts';
import type { FindingCode } from '../../../src/explain/finding.ts';
import type { Address } from '../../../src/net/address.ts';
import {
  ask,
  endpoint,
  fromAddress,
  NODE,
  NODE_A,
  NODE_B,
  service,
  shop,
  slice,
  to,
  type SetUp,
} from './building.ts';

const NODES = [NODE_A, NODE_B];
const plain: SetUp = { objects: [...NODES, shop(), slice()] };
const local: SetUp = { objects: [...NODES, shop({ spec: { externalTrafficPolicy: 'Local' } }), slice()] };
const hinted = (address: string, node: string, zone: string): object =>
  endpoint(address, node, { hints: { forZones: [{ name: zone }] } });
const listener = {
  protocol: 'tcp',
  address: '0.0.0.0' as Address,
  port: 30080,
  owner: { pid: 812, command: 'nginx' },
} as const;

describe('what is worth knowing though all gets through', () => {
  it.each<[string, SetUp, Question, From, readonly FindingCode[], RegExp]>([
    [
      'policy Cluster hides clients',
      plain,
      to(NODE, 30080),
      { kind: 'outside' },
      ['masqueraded'],
      /not the client/,
    ],
    [
      'policy Local keeps them',
      local,
      to(NODE, 30080),
      { kind: 'outside' },
      ['sourceKept'],
      /198\.51\.100\.77/,
    ],
    [
      'policy Local spares pods',
      local,
      to(NODE, 30080),
      { kind: 'pod' },
      ['sourceKept', 'localPolicySparesNode'],
      /own address/,
    ],
    [
      'policy Local spares the node',
      local,
      to(NODE, 30080),
      { kind: 'node' },
      ['masqueraded', 'localPolicySparesNode'],
      /the node asks/,
    ],
    [
      'a cluster IP from a pod',
      plain,
      to('10.96.0.10', 80),
      { kind: 'default' },
      ['sourceKept'],
      /10\.244\.1\.10|10\.244\.0\.77/,
    ],
    [
      'a cluster IP from outside',
      plain,
      to('10.96.0.10', 80),
      { kind: 'outside' },
      ['masqueraded'],
      /does not count as a pod/,
    ],
    [
      'an endpoint asks itself',
      plain,
      to('10.96.0.10', 80),
      fromAddress('10.244.1.10', true),
      ['hairpin'],
      /10\.244\.1\.10 is an endpoint itself/,
    ],
    [
      'masqueradeAll',
      { ...plain, flags: { 'masquerade-all': ['true'] } },
      to('10.96.0.10', 80),
      { kind: 'pod' },
      ['masqueraded'],
      /masqueradeAll is on/,
    ],
    [
      'session affinity',
      {
        objects: [
          ...NODES,
          shop({
            spec: {
              sessionAffinity: 'ClientIP',
              sessionAffinityConfig: { clientIP: { timeoutSeconds: 77 } },
            },
          }),
          slice(),
        ],
      },
      to('10.96.0.10', 80),
      { kind: 'pod' },
      ['sourceKept', 'affinity'],
      /own address/,
    ],
    [
      'topology hints',
      {
        objects: [
          ...NODES,
          shop(),
          slice({
            endpoints: [hinted('10.244.1.10', 'node-a', 'zone-1'), hinted('10.244.2.10', 'node-b', 'zone-2')],
          }),
        ],
      },
      to('10.96.0.10', 80),
      { kind: 'pod' },
      ['sourceKept', 'topologyHints'],
      /own address/,
    ],
    [
      'terminating endpoints only',
      {
        objects: [
          ...NODES,
          shop(),
          slice({
            endpoints: [
              endpoint('10.244.1.10', 'node-a', {
                conditions: { ready: false, serving: true, terminating: true },
              }),
            ],
          }),
        ],
      },
      to('10.96.0.10', 80),
      { kind: 'pod' },
      ['sourceKept', 'terminating'],
      /own address/,
    ],
    [
      'source ranges spare node ports',
      {
        objects: [
          ...NODES,
          shop({ spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['203.0.113.0/24'] } }),
          slice(),
        ],
      },
      to(NODE, 30080),
      { kind: 'outside' },
      ['masqueraded', 'rangesSpareNodePort'],
      /not the client/,
    ],
    [
      'two services with one external IP',
      {
        objects: [
          ...NODES,
          shop({ spec: { externalIPs: ['203.0.113.9'] } }),
          slice(),
          shop({
            name: 'rival',
            spec: {
              type: 'ClusterIP',
              clusterIP: '10.96.0.11',
              externalIPs: ['203.0.113.9'],
              ports: [{ name: 'http', port: 80 }],
            },
          }),
          slice({ service: 'rival' }),
        ],
      },
      to('203.0.113.9', 80),
      { kind: 'outside' },
      ['severalOwners', 'masqueraded'],
      /web\/rival:http and web\/shop:http all claim/,
    ],
    [
      'a process of the host on the node port',
      { ...plain, machine: { listeners: [listener], otherStore: undefined } },
      to(NODE, 30080),
      { kind: 'outside' },
      ['portTaken', 'masqueraded'],
      /nginx \(process 812\) listens on 0\.0\.0\.0:30080/,
    ],
    [
      'rules in both stores',
      { ...plain, machine: { listeners: [], otherStore: 'legacy' } },
      to(NODE, 30080),
      { kind: 'outside' },
      ['backendMix', 'masqueraded'],
      /in both stores of the kernel, nft and legacy/,
    ],
    [
      'a health-check node port',
      {
        objects: [
          ...NODES,
          shop({
            spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32000 },
          }),
          slice(),
        ],
      },
      to(NODE, 32000),
      { kind: 'outside' },
      ['healthCheck'],
      /200 with a ready local endpoint/,
    ],
  ])('%s', (_, setUp, question, from, codes, says) => {
    const { ways } = ask(setUp, question, from);
    expect(ways.map(({ verdict }) => verdict)).toEqual(['through']);
    const findings = ways.flatMap((way) => way.findings);
    expect(findings.map(({ kind, code }) => [kind, code])).toEqual(codes.map((code) => ['note', code]));
    expect(findings[0]?.text).toMatch(says);
  });

  it('tells whom a load balancer lets in, and asks as one of them', () => {
    const spec = { type: 'LoadBalancer', loadBalancerSourceRanges: ['203.0.113.0/24'] };
    const objects = [...NODES, shop({ spec, ingress: [{ ip: '198.51.100.50' }] }), slice()];
    const { ways } = ask({ objects }, to('198.51.100.50', 80));
    expect(ways.map(({ verdict, from }) => [verdict, from.address])).toEqual([['through', '203.0.113.77']]);
    expect(ways[0]?.findings.map(({ kind, code }) => `${kind} ${code}`)).toContain('note sourceRange');
  });

  it('admits that names of interfaces are guessed, where rules of others ask for them', () => {
    const found = (made: string): string =>
      made.replace(/^-A FORWARD /m, '-A FORWARD -i docker0 -o docker0 -j DROP\n-A FORWARD ');
    const { ways } = ask({ ...plain, found }, to(NODE, 30080));
    expect(ways[0]?.verdict).toBe('through');
    expect(ways[0]?.findings.map(({ code }) => code)).toEqual(['masqueraded', 'guessed']);
  });

  it('counts who is near by topology hints', () => {
    const endpoints = [
      hinted('10.244.1.10', 'node-a', 'zone-1'),
      hinted('10.244.2.10', 'node-b', 'zone-2'),
      hinted('10.244.2.11', 'node-b', 'zone-2'),
    ];
    const { ways } = ask({ objects: [...NODES, shop(), slice({ endpoints })] }, to('10.96.0.10', 80));
    expect(ways[0]?.findings.at(-1)?.text).toBe(
      'topology hints keep it near: 1 of 3 ready endpoints are for this node or its zone (zone-1)',
    );
    expect(ways[0]?.branches.map(({ address, node, share }) => [address, node, share])).toEqual([
      ['10.244.1.10', 'node-a', 1],
    ]);
  });

  it('a load balancer that wants to see its traffic is a note on the service', () => {
    const object = shop({
      spec: { type: 'LoadBalancer' },
      ingress: [{ ip: '198.51.100.50', ipMode: 'Proxy' }],
    });
    const { ways, findings } = ask({ objects: [...NODES, object, slice()] }, service('web/shop'));
    expect(ways.map(({ entry }) => entry)).toEqual(['clusterIP', 'nodePort']);
    expect(findings).toMatchObject([{ kind: 'note', code: 'ipModeProxy' }]);
  });

  it('rules in both stores are a cause where nothing gets through', () => {
    const machine = { listeners: [], otherStore: 'nft' } as const;
    const { ways } = ask({ objects: [...NODES, shop()], machine }, to(NODE, 30080));
    expect(ways[0]?.findings.map(({ kind, code }) => [kind, code])).toEqual([
      ['cause', 'noSlices'],
      ['cause', 'backendMix'],
    ]);
  });
});
