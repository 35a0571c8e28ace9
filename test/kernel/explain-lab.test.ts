import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LayoutName } from '../../src/chains/layout-choice.ts';
import type { Rules } from '../../src/explain/situation-of-node.ts';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { startLab, type Lab } from '../../src/lab/lab.ts';
import type { SpokenProtocol } from '../../src/lab/protocol.ts';
import { familyOf, type Address } from '../../src/net/address.ts';
import { places, sources } from './lab/outcomes.ts';
import { dumpsOf, prediction, wayOf, type Dumps } from './lab/predicted.ts';
import { CLIENT_V4, CLIENT_V6, NODE_V4, NODE_V6, sceneOf, type ServiceSpec } from './lab/scenes.ts';

/** The worked topics of the README, each a service or two. */
const SERVICES: readonly ServiceSpec[] = [
  {
    name: 'one-port',
    spec: { type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30080 }] },
    here: ['10.244.1.10'],
    there: ['10.244.2.10'],
  },
  {
    name: 'ports',
    spec: {
      type: 'NodePort',
      clusterIP: '10.96.0.11',
      ports: [
        { name: 'http', port: 80, nodePort: 31000 },
        { name: 'dns', port: 53, nodePort: 31001, protocol: 'UDP' },
      ],
    },
    here: ['10.244.1.11'],
    there: ['10.244.2.11'],
  },
  {
    name: 'local',
    spec: {
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      clusterIP: '10.96.0.12',
      ports: [{ port: 80, nodePort: 30082 }],
    },
    here: ['10.244.1.12'],
    there: ['10.244.2.12'],
  },
  {
    name: 'elsewhere',
    spec: {
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      clusterIP: '10.96.0.13',
      ports: [{ port: 80, nodePort: 30083 }],
    },
    there: ['10.244.2.13'],
  },
  {
    name: 'balanced',
    spec: {
      type: 'LoadBalancer',
      loadBalancerSourceRanges: ['203.0.113.0/24'],
      clusterIP: '10.96.0.14',
      ports: [{ port: 443, nodePort: 30443 }],
    },
    loadBalancerIP: '198.51.100.50',
    here: ['10.244.1.14'],
  },
  {
    name: 'cart',
    spec: {
      type: 'NodePort',
      sessionAffinity: 'ClientIP',
      clusterIP: '10.96.0.15',
      ports: [{ port: 80, nodePort: 30085 }],
    },
    here: ['10.244.1.15'],
    there: ['10.244.2.15'],
  },
  {
    name: 'dual',
    spec: {
      type: 'NodePort',
      clusterIP: '10.96.0.16',
      clusterIPs: ['10.96.0.16', 'fd00:10:96::16'],
      ports: [{ port: 80, nodePort: 30086 }],
    },
    here: ['10.244.1.16', 'fd00:10:244:1::16'],
    there: ['10.244.2.16', 'fd00:10:244:2::16'],
  },
  {
    name: 'empty',
    spec: { type: 'NodePort', clusterIP: '10.96.0.17', ports: [{ port: 80, nodePort: 30087 }] },
  },
];
const SCENE = sceneOf(SERVICES);

type From = 'node' | `outside:${string}` | `pod:${string}`;

interface Topic {
  readonly what: string;
  readonly from: From;
  readonly to: readonly [address: string, port: number, protocol?: SpokenProtocol];
  /** What endpoints are reached, or how it fails: to be sure that the lab plays what is meant. */
  readonly reaches: number | 'refused' | 'timeout';
}

const OUTSIDE = `outside:${CLIENT_V4}` as const;
const TOPICS: readonly Topic[] = [
  { what: 'a node port', from: OUTSIDE, to: [NODE_V4, 30080], reaches: 2 },
  { what: 'a node port, by loopback', from: 'node', to: ['127.0.0.1', 30080], reaches: 2 },
  { what: 'its cluster IP, from a pod', from: 'pod:10.244.1.11', to: ['10.96.0.10', 80], reaches: 2 },
  { what: 'its cluster IP, from an endpoint', from: 'pod:10.244.1.10', to: ['10.96.0.10', 80], reaches: 2 },
  { what: 'its cluster IP, from outside', from: OUTSIDE, to: ['10.96.0.10', 80], reaches: 2 },
  { what: 'one of several node ports', from: OUTSIDE, to: [NODE_V4, 31000], reaches: 2 },
  { what: 'another of them, by UDP', from: OUTSIDE, to: [NODE_V4, 31001, 'udp'], reaches: 2 },
  { what: 'policy Local, from outside', from: OUTSIDE, to: [NODE_V4, 30082], reaches: 1 },
  { what: 'policy Local, from a pod', from: 'pod:10.244.1.10', to: [NODE_V4, 30082], reaches: 2 },
  { what: 'policy Local, from the node', from: 'node', to: [NODE_V4, 30082], reaches: 2 },
  { what: 'policy Local without a local endpoint', from: OUTSIDE, to: [NODE_V4, 30083], reaches: 'timeout' },
  {
    what: 'a load balancer, from its source range',
    from: 'outside:203.0.113.7',
    to: ['198.51.100.50', 443],
    reaches: 1,
  },
  { what: 'a load balancer, from elsewhere', from: OUTSIDE, to: ['198.51.100.50', 443], reaches: 'timeout' },
  { what: 'the node port of a load balancer', from: OUTSIDE, to: [NODE_V4, 30443], reaches: 1 },
  { what: 'both families: IPv4', from: OUTSIDE, to: [NODE_V4, 30086], reaches: 2 },
  { what: 'both families: IPv6', from: `outside:${CLIENT_V6}`, to: [NODE_V6, 30086], reaches: 2 },
  { what: 'an IPv6 cluster IP', from: 'pod:fd00:10:244:1::16', to: ['fd00:10:96::16', 80], reaches: 2 },
  { what: 'no endpoints', from: OUTSIDE, to: [NODE_V4, 30087], reaches: 'refused' },
];

describe.each<[BackendKind, LayoutName]>([
  ['nft', 'classic'],
  ['legacy', 'indexed'],
])('explain and real packets, rules in %s, %s layout', (backend, layout) => {
  let lab: Lab;
  let dumps: Dumps;
  const made: Rules = { kind: 'made', layout: { name: layout, comments: 'auto' } };
  beforeAll(async () => {
    lab = await startLab(SCENE, { backend, layout: { name: layout, comments: 'auto' } });
    dumps = await dumpsOf(lab);
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  it('holds these rules: the indexed layout spares the last endpoint a chain', () => {
    const rules = dumps.ipv4;
    const chains =
      rules.kind === 'found' ? [...(rules.program.tables.get('nat')?.chains.values() ?? [])] : [];
    const services = chains.filter(({ name }) => name.startsWith('KUBE-SVC-'));
    const translates = services.some((chain) => chain.rules.some(({ rule }) => rule.target?.kind === 'dnat'));
    expect(services.length).toBeGreaterThan(0);
    expect(translates).toBe(layout === 'indexed');
  });

  it.each(TOPICS)('$what', async ({ from, to: [address, port, protocol = 'tcp'], reaches }) => {
    const mustArrive = typeof reaches === 'number';
    const outcomes = await lab.request({
      from,
      to: { address, port, protocol },
      ...(mustArrive ? { count: 60, timeout: 3_000 } : { count: 3, timeout: 1_500 }),
    });
    const real = { places: places(outcomes), sources: sources(outcomes) };
    if (mustArrive) expect(real.places).toHaveLength(reaches);
    else expect(real.places).toEqual([reaches]);
    for (const rules of [made, dumps[familyOf(address as Address)]]) {
      const way = wayOf(SCENE, rules, from, { address, port, protocol });
      expect(prediction(way)).toEqual(real);
    }
  });

  it('session affinity: every client has one endpoint, of those foretold', async () => {
    const way = wayOf(SCENE, made, OUTSIDE, { address: NODE_V4, port: 30085 });
    const outcomes = await lab.request({ from: OUTSIDE, to: { address: NODE_V4, port: 30085 }, count: 30 });
    expect(prediction(way).places).toEqual(['10.244.1.15:8080', '10.244.2.15:8080']);
    expect(way.findings.map(({ code }) => code)).toContain('affinity');
    expect(places(outcomes)).toHaveLength(1);
    expect(prediction(way).places).toContain(places(outcomes)[0]);
    expect(sources(outcomes)).toEqual(prediction(way).sources);
  });
});
