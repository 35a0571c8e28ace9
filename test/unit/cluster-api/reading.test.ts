import { describe, expect, it } from 'vitest';
import { without } from '../../../src/cluster/api/mending.ts';
import { ENDPOINT_SLICES, headOf, ownNode, SERVICES } from '../../../src/cluster/api/resource.ts';
import { BEYOND_REASON } from '../../../src/problems/within-reason.ts';
import { node, service, slice } from '../../api/objects.ts';

function readService(fields: Readonly<Record<string, unknown>>, status: unknown = {}) {
  const reading = SERVICES.read({ ...service('web', fields), status }, 'Service shop/web');
  const problems = reading.problems.map(({ path, message }) => `${path}: ${message}`);
  return { model: reading.kind === 'good' ? reading.model : undefined, kind: reading.kind, problems };
}

const PORT = { name: 'http', protocol: 'TCP', port: 80 };

it('a list may have as many bad items as it has items', () => {
  const items = Array<number>(400_000).fill(1);
  const paths = items.map((_, index) => ['list', index]);
  expect(without({ list: [...items, 2], other: 3 }, paths)).toEqual({ list: [2], other: 3 });
});

it('a service of which more is bad than can be told is bad', () => {
  const { kind, problems } = readService({ externalIPs: [...Array<number>(300_000).fill(1), '192.0.2.1'] });
  expect({ kind, problems }).toEqual({ kind: 'bad', problems: [`: ${BEYOND_REASON}`] });
});

describe('a service that is partly bad', () => {
  it.each<[string, Record<string, unknown>, object, string]>([
    [
      'an external IP',
      { externalIPs: ['x', '192.0.2.1', 'y'] },
      { externalIPs: ['192.0.2.1'] },
      'spec.externalIPs[0]: expected an IP address, got "x" (left out)',
    ],
    [
      'one of several source ranges',
      { loadBalancerSourceRanges: ['10.0.0.0/8', '10.0.0.0/99'] },
      { loadBalancerSourceRanges: ['10.0.0.0/8'] },
      'spec.loadBalancerSourceRanges[1]: expected a network such as 10.0.0.0/8 or fd00::/64, got "10.0.0.0/99" (left out)',
    ],
    [
      'a port',
      { ports: [PORT, { name: 'quic', protocol: 'QUIC', port: 81 }] },
      { ports: [{ name: 'http' }] },
      'spec.ports[1].protocol: expected TCP, UDP or SCTP, got "QUIC" (left out)',
    ],
    [
      'a port that is there twice',
      { ports: [PORT, { ...PORT, name: 'again' }] },
      { ports: [{ name: 'http' }] },
      'spec.ports[1].port: expected a port of its own, got 80/TCP, which spec.ports[0] has already (left out)',
    ],
    [
      'a node port of a ClusterIP service',
      { ports: [{ ...PORT, nodePort: 30_080 }] },
      { ports: [{ name: 'http', nodePort: undefined }] },
      'spec.ports[0].nodePort: expected none, since the type is ClusterIP, got 30080 (left out)',
    ],
    [
      'a policy of the future',
      { externalTrafficPolicy: 'Nearest' },
      { externalTrafficPolicy: 'Cluster' },
      'spec.externalTrafficPolicy: expected Cluster or Local, got "Nearest" (taken as Cluster)',
    ],
    [
      'an affinity of the future',
      { sessionAffinity: 'Cookie' },
      { affinitySeconds: undefined },
      'spec.sessionAffinity: expected None or ClientIP, got "Cookie" (taken as None)',
    ],
    [
      'families that its addresses contradict',
      { ipFamilies: ['IPv6'] },
      { families: ['ipv4'] },
      'spec.ipFamilies[0]: expected the family of the cluster IP',
    ],
  ])('goes without %s', (_, fields, expected, problem) => {
    const { model, problems } = readService(fields);
    expect(model).toMatchObject(expected);
    expect(problems[0]).toContain(problem);
    expect(model?.ports.length).toBeGreaterThan(0);
  });

  it('goes without a load-balancer address of a mode of the future', () => {
    const ingress = [{ ip: '192.0.2.1', ipMode: 'Tunnel' }, { ip: '192.0.2.2' }];
    const { model } = readService({ type: 'LoadBalancer' }, { loadBalancer: { ingress } });
    expect(model?.loadBalancerVIPs).toEqual(['192.0.2.2']);
  });

  it('tells each problem once, through several rounds', () => {
    const ports = [{ ...PORT, protocol: 'QUIC' }, PORT, { ...PORT, name: 'again' }];
    const { model, problems } = readService({ ports, externalIPs: ['x'] });
    expect(model?.ports).toHaveLength(1);
    expect(problems).toHaveLength(3);
  });

  it.each<[string, Record<string, unknown>]>([
    [
      'whose only source range is bad, since without one everybody may come in',
      { loadBalancerSourceRanges: ['x'] },
    ],
    ['whose source ranges are all bad', { loadBalancerSourceRanges: ['x', 'y'] }],
    ['without a usable port', { ports: [{ ...PORT, protocol: 'QUIC' }] }],
    ['without ports', { ports: [] }],
    ['with a cluster IP that is none', { clusterIP: 'x', clusterIPs: ['x'] }],
    ['of an unknown type', { type: 'Teleport' }],
  ])('is bad as a whole %s', (_, fields) => {
    expect(readService(fields).kind).toBe('bad');
  });
});

describe('an endpoint slice that is partly bad', () => {
  const read = (changes: Readonly<Record<string, unknown>>) =>
    ENDPOINT_SLICES.read(
      { ...slice('web', ['10.244.1.1', '10.244.1.2']), ...changes },
      'EndpointSlice shop/web',
    );

  it('goes without an address of the other family, as kube-proxy', () => {
    const endpoints = [{ addresses: ['fd00::1'] }, { addresses: ['10.244.1.2'] }, { addresses: [] }];
    const reading = read({ endpoints });
    expect(reading).toMatchObject({ kind: 'good', model: { endpoints: [{ address: '10.244.1.2' }] } });
    expect(reading.problems).toHaveLength(2);
  });

  it('goes without the name of a node that is none', () => {
    const endpoints = [{ addresses: ['10.244.1.1'], nodeName: 'Not A Node' }];
    expect(read({ endpoints })).toMatchObject({
      kind: 'good',
      model: { endpoints: [{ address: '10.244.1.1', nodeName: undefined }] },
    });
  });

  it('takes no part where it is of domain names', () => {
    expect(read({ addressType: 'FQDN' })).toEqual({ kind: 'good', model: undefined, problems: [] });
  });

  it('is bad as a whole where its type is unknown', () => {
    expect(read({ addressType: 'IPv8' }).kind).toBe('bad');
  });
});

describe('a node that is partly bad', () => {
  it('goes without a pod network that is none', () => {
    const raw = { ...node('node-a'), spec: { podCIDRs: ['x', '10.244.1.0/24'] } };
    expect(ownNode('node-a').read(raw, 'Node node-a')).toMatchObject({
      kind: 'good',
      model: { podCIDRs: ['10.244.1.0/24'] },
      problems: [{ path: 'spec.podCIDRs[0]' }],
    });
  });
});

describe('the head of an object', () => {
  it.each([
    [service('web'), { key: 'shop/web', version: undefined }],
    [{ metadata: { name: 'n', resourceVersion: '7' } }, { key: 'n', version: '7' }],
    [{ metadata: { name: '' } }, undefined],
    [{ metadata: null }, undefined],
    [null, undefined],
    ['text', undefined],
  ])('of %o', (object, head) => {
    expect(headOf(object)).toEqual(head);
  });
});
