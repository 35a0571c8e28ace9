import { describe, expect, it } from 'vitest';
import { chooseNode } from '../../../src/cluster/identity.ts';
import { readManifests } from '../../../src/cluster/manifests.ts';
import { readConfig } from '../../../src/config/load.ts';
import type { Scene } from '../../../src/routing/scene.ts';
import { nodeLines } from '../../../src/lab/network.ts';
import { planTopology } from '../../../src/lab/plan-topology.ts';
import { FAMILIES } from '../../../src/net/address.ts';

interface Parts {
  readonly ranges?: readonly string[];
  readonly endpoints?: readonly { addresses: readonly string[]; nodeName?: string }[];
  readonly nodeAddresses?: readonly string[];
  readonly flags?: Record<string, string[]>;
}

function scene({ ranges = [], endpoints = [], nodeAddresses = [], flags = {} }: Parts): Scene {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: {
      clusterIP: '10.96.0.1',
      ports: [
        { name: 'http', port: 80 },
        { name: 'sctp', port: 90, protocol: 'SCTP' },
      ],
      loadBalancerSourceRanges: ranges,
    },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [
      { name: 'http', port: 8080 },
      { name: 'sctp', port: 8090, protocol: 'SCTP' },
    ],
    endpoints,
  };
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-a' },
    status: { addresses: nodeAddresses.map((address) => ({ type: 'InternalIP', address })) },
  };
  const texts = [service, slice, node].map((object, index) => ({
    name: `${index}`,
    text: JSON.stringify(object),
  }));
  const { settings } = readConfig({ flags });
  const manifests = readManifests(texts);
  return { ...manifests, settings, identity: chooseNode(manifests.cluster, settings).identity };
}

function plan(parts: Parts) {
  return planTopology(scene(parts), FAMILIES);
}

describe('the layout of a lab', () => {
  it('invents addresses that nobody has', () => {
    const { node, others, client } = plan({
      endpoints: [{ addresses: ['192.168.77.100'], nodeName: 'node-b' }],
    });
    expect(node.addresses).toEqual(['192.168.77.10', 'fd00:77::10']);
    expect(others.map(({ nodeName, addresses }) => [nodeName, ...addresses])).toEqual([
      ['node-b', '192.168.77.11', 'fd00:77::11'],
    ]);
    expect(client.addresses).toEqual(['192.168.77.101', 'fd00:77::6a']);
  });

  it('puts pods on the nodes of their slices, and those of no node elsewhere', () => {
    const { pods } = plan({
      endpoints: [
        { addresses: ['10.244.1.5'], nodeName: 'node-a' },
        { addresses: ['10.244.2.5'], nodeName: 'node-b' },
        { addresses: ['10.244.3.5'] },
      ],
    });
    expect(pods.map(({ namespace, on }) => [namespace, on])).toEqual([
      ['pod-10.244.1.5', 'node'],
      ['pod-10.244.2.5', 'other-1'],
      ['pod-10.244.3.5', 'other-1'],
    ]);
  });

  it("serves endpoints with a node's address from that node", () => {
    const endpoints = [{ addresses: ['172.16.0.1'] }];
    const { pods, listeners } = plan({ endpoints, nodeAddresses: ['172.16.0.1'] });
    expect(pods.map(({ namespace }) => namespace)).toEqual(['pod-10.244.255.250']);
    expect(listeners.get('node')).toEqual([{ address: '172.16.0.1', port: 8080, protocol: 'tcp' }]);
  });

  it('adds a pod that only asks where the node has none', () => {
    const { pods } = plan({ flags: { 'cluster-cidr': ['10.9.0.0/16'] } });
    expect(pods.map(({ namespace, on }) => [namespace, on])).toEqual([['pod-10.9.255.250', 'node']]);
  });

  it('gives the client an address inside and one outside of source ranges', () => {
    const inside = plan({ ranges: ['203.0.113.0/24'] }).client.addresses;
    expect(inside).toEqual(['192.168.77.100', 'fd00:77::6a', '203.0.113.7']);
    const around = plan({ ranges: ['192.168.0.0/16'] }).client.addresses;
    expect(around).toEqual(['192.168.77.100', 'fd00:77::6a', '198.51.100.77']);
  });

  it('names the interfaces of pods as local detection wants them', () => {
    const endpoints = [{ addresses: ['10.244.1.5'], nodeName: 'node-a' }];
    const byPrefix = plan({
      endpoints,
      flags: { 'detect-local-mode': ['InterfaceNamePrefix'], 'pod-interface-name-prefix': ['cali'] },
    });
    expect(byPrefix.pods[0]?.hostInterface).toBe('cali1');
    const byBridge = plan({
      endpoints,
      flags: { 'detect-local-mode': ['BridgeInterface'], 'pod-bridge-interface': ['cbr0'] },
    });
    expect(byBridge.bridge).toBe('cbr0');
    expect(nodeLines(byBridge, byBridge.node)).toContain('route add 10.244.1.5/32 dev cbr0');
  });

  it('leaves SCTP out, and says so', () => {
    const { notes, listeners } = plan({ endpoints: [{ addresses: ['10.244.1.5'], nodeName: 'node-a' }] });
    expect(notes).toEqual(['default/web, port 90: SCTP is not played']);
    expect([...listeners.values()].flat().map(({ port }) => port)).toEqual([8080]);
  });

  it('refuses more pods than a machine can bear', () => {
    const endpoints = Array.from({ length: 65 }, (_, index) => ({ addresses: [`10.244.1.${index + 1}`] }));
    expect(() => plan({ endpoints })).toThrow('expected at most 64 addresses of endpoints, got 65');
  });

  it('refuses a prefix that leaves no room for a number', () => {
    const flags = {
      'detect-local-mode': ['InterfaceNamePrefix'],
      'pod-interface-name-prefix': ['fourteen-chars'],
    };
    const endpoints = Array.from({ length: 10 }, (_, index) => ({
      addresses: [`10.244.1.${index + 1}`],
      nodeName: 'node-a',
    }));
    expect(() => plan({ flags, endpoints })).toThrow(
      'expected the name of an interface, at most 15 characters, got "fourteen-chars10"',
    );
  });
});
