import { describe, expect, it } from 'vitest';
import { expect as promise, type Destination, type Source } from '../../../src/lab/expectation.ts';
import type { Address, Cidr } from '../../../src/net/address.ts';
import type { NodeView } from '../../../src/routing/node-view.ts';
import type { Route } from '../../../src/routing/route.ts';
import { here, NODE, onNode, POD, route, there, view } from '../../support/one-service.ts';
import { choice } from '../../support/plain-routes.ts';

const CLIENT = '192.168.77.100' as Address;
const OWN = [NODE];

const localRoute: Route = { ...route, externalPolicy: 'Local', endpoints: choice([here, there], [here]) };
const absentRoute: Route = { ...route, externalPolicy: 'Local', endpoints: choice([there]) };
const emptyRoute: Route = { ...route, endpoints: choice([]) };

const outside: Source = { kind: 'outside', address: CLIENT, hostInterface: 'eth0' };
const node: Source = { kind: 'node', address: NODE, hostInterface: undefined };
const pod: Source = { kind: 'pod', address: POD, hostInterface: 'pod1' };

const nodePort: Destination = { kind: 'nodePort', address: NODE, port: 30080 };
const loopback: Destination = { kind: 'nodePort', address: '127.0.0.1' as Address, port: 30080 };
const clusterIP: Destination = { kind: 'clusterIP', address: '10.96.0.10' as Address, port: 80 };
const externalIP: Destination = { kind: 'externalIP', address: '198.51.100.1' as Address, port: 80 };
const loadBalancer: Destination = { kind: 'loadBalancerIP', address: '198.51.100.2' as Address, port: 80 };

/** `HERE own, THERE node`: where requests arrive, and whose address is seen there. */
function fate(of: Route, from: Source, to: Destination, at: NodeView = view): string {
  const expected = promise(of, at, from, to, OWN);
  if (expected.kind !== 'arrives') return expected.kind;
  const names = new Map([
    [here.text, 'HERE'],
    [there.text, 'THERE'],
    [onNode.text, 'NODE'],
  ]);
  const arrivals = expected.at.map((arrival) => `${names.get(arrival.endpoint) ?? '?'} ${arrival.source}`);
  return arrivals.join(', ');
}

describe('what is expected of requests', () => {
  it.each([
    ['to a node port of policy Cluster: masqueraded', route, outside, nodePort, 'HERE node, THERE node'],
    ['to a node port of policy Local: own address', localRoute, outside, nodePort, 'HERE own'],
    ['to a node port of policy Local without a pod here', absentRoute, outside, nodePort, 'dropped'],
    ['to a node port without any endpoint', emptyRoute, outside, nodePort, 'refused'],
    ['to a cluster IP from outside: masqueraded', route, outside, clusterIP, 'HERE node, THERE node'],
    ['to a cluster IP from a pod: own, but to itself', route, pod, clusterIP, 'HERE node, THERE own'],
    ['to a cluster IP from the node', route, node, clusterIP, 'HERE node, THERE node'],
    ['of policy Local from a pod go everywhere', localRoute, pod, nodePort, 'HERE node, THERE own'],
    ['of policy Local from the node go everywhere', localRoute, node, nodePort, 'HERE node, THERE node'],
    ['to a node port on loopback', route, node, loopback, 'HERE node, THERE node'],
    ['to an external IP', route, outside, externalIP, 'HERE node, THERE node'],
    ['to an external IP without endpoints, from outside', emptyRoute, outside, externalIP, 'refused'],
    ['to an external IP without endpoints, from the node', emptyRoute, node, externalIP, 'leaves'],
    ['to a load balancer', route, outside, loadBalancer, 'HERE node, THERE node'],
  ])('%s', (_title, of, from, to, expected) => {
    expect(fate(of, from, to)).toBe(expected);
  });

  it('to a cluster IP of internal policy Local without a pod here: dropped', () => {
    const internal: Route = { ...absentRoute, internalPolicy: 'Local' };
    expect(fate(internal, pod, clusterIP)).toBe('dropped');
  });

  it('to an endpoint on the node itself are never masqueraded, but for its own', () => {
    const own: Route = { ...route, endpoints: choice([onNode]) };
    expect(fate(own, outside, nodePort)).toBe('NODE own');
    expect(fate(own, node, nodePort)).toBe('NODE node');
  });

  it('to a guarded load balancer are dropped from outside its ranges', () => {
    const guarded: Route = { ...route, sourceRanges: ['203.0.113.0/24' as Cidr] };
    expect(fate(guarded, outside, loadBalancer)).toBe('dropped');
    const inside: Source = { ...outside, address: '203.0.113.7' as Address };
    expect(fate(guarded, inside, loadBalancer)).toBe('HERE node, THERE node');
    expect(fate(guarded, outside, nodePort)).toBe('HERE node, THERE node');
  });

  it('to an address that node ports do not answer on are refused', () => {
    const elsewhere: NodeView = { ...view, nodePorts: { kind: 'addresses', addresses: [] } };
    expect(fate(route, outside, nodePort, elsewhere)).toBe('refused');
    const noLoopback: NodeView = { ...view, nodePorts: { kind: 'anyLocalAddress', loopback: false } };
    expect(fate(route, node, loopback, noLoopback)).toBe('refused');
  });

  it('where local pods cannot be told, are those of the outside', () => {
    const blind: NodeView = { ...view, localPods: { kind: 'unknown' } };
    expect(fate(localRoute, pod, nodePort, blind)).toBe('HERE node');
    expect(fate(route, outside, clusterIP, blind)).toBe('HERE own, THERE own');
  });

  it('tell local pods by their interface where that is the mode', () => {
    const byPrefix: NodeView = { ...view, localPods: { kind: 'interface', name: 'cali+' } };
    expect(fate(localRoute, { ...pod, hostInterface: 'cali7' }, nodePort, byPrefix)).toBe(
      'HERE node, THERE own',
    );
    expect(fate(localRoute, { ...pod, hostInterface: 'veth7' }, nodePort, byPrefix)).toBe('HERE node');
  });

  it('with session affinity stick', () => {
    const sticky = promise({ ...route, affinitySeconds: 60 }, view, outside, nodePort, OWN);
    expect(sticky).toMatchObject({ kind: 'arrives', sticky: true });
  });
});
