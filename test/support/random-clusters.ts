import fc from 'fast-check';
import { readConfig } from '../../src/config/load.ts';
import type { Change } from '../../src/cluster/source.ts';
import type { Cluster, EndpointSlice, Node, Service } from '../../src/model/objects.ts';
import type { Family } from '../../src/net/address.ts';
import { nodeView, type NodeView } from '../../src/routing/node-view.ts';
import { clusterRoutes, type ServiceRoutes } from '../../src/routing/routes.ts';
import { CAPTURE_HOST } from './cases.ts';
import { crowdOf, randomFrom, sliceFor } from './crowd.ts';
import { event, NODE_NAME, nodeIn } from './random-events.ts';

/* Whole clusters under settings of all kinds, from the events that the reconciler is tried with. */

/** What a node makes of a cluster in one family. */
export interface RandomScene {
  readonly view: NodeView;
  readonly services: readonly ServiceRoutes[];
}

const detection = fc.constantFrom(
  { detectLocalMode: 'ClusterCIDR', clusterCIDR: '10.244.0.0/16,fd00:244::/56' },
  { detectLocalMode: 'ClusterCIDR', clusterCIDR: '10.0.0.0/8' },
  { detectLocalMode: 'ClusterCIDR' },
  { detectLocalMode: 'NodeCIDR' },
  { detectLocalMode: 'BridgeInterface', detectLocal: { bridgeInterface: 'cbr0' } },
  { detectLocalMode: 'InterfaceNamePrefix', detectLocal: { interfaceNamePrefix: 'veth' } },
);

const nodePortAddresses = fc.constantFrom<readonly string[]>(
  [],
  ['primary'],
  ['192.168.77.0/24'],
  ['127.0.0.0/8', '192.168.0.0/16', 'fd00:77::/64'],
  ['10.9.0.0/16', 'fd00:9::/64'],
);

const configuration = fc
  .record({
    detection,
    nodePortAddresses,
    iptables: fc.record({
      masqueradeAll: fc.boolean(),
      localhostNodePorts: fc.boolean(),
      masqueradeBit: fc.constantFrom(0, 14, 31),
    }),
    conntrack: fc.record({ tcpBeLiberal: fc.boolean() }),
  })
  .map(({ detection: how, ...others }) => ({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    ...how,
    ...others,
  }));

export function randomScenes(family: Family): fc.Arbitrary<RandomScene> {
  return fc
    .record({
      changes: fc.array(event, { minLength: 4, maxLength: 24 }),
      configuration,
      seed: fc.nat(),
      crowd: fc.record({
        services: fc.oneof(
          { arbitrary: fc.constant(0), weight: 6 },
          { arbitrary: fc.integer({ min: 1, max: 8 }), weight: 3 },
          { arbitrary: fc.integer({ min: 20, max: 60 }), weight: 1 },
        ),
        isDense: fc.boolean(),
      }),
    })
    .map(({ changes, configuration: written, seed, crowd }) => {
      const { settings } = readConfig({
        file: { name: 'config.yaml', text: JSON.stringify(written) },
        flags: {},
      });
      const few = clusterAfter(changes);
      const many = crowdOf(family, seed, crowd);
      const random = randomFrom(seed);
      // Few of the slices that come by chance fit a service: here is one for each.
      const fitting = few.services.map((service) => sliceFor(service, family, random));
      const cluster = {
        ...few,
        services: [...few.services, ...many.services],
        slices: [...few.slices, ...fitting, ...many.slices],
      };
      const node = cluster.nodes.find(({ name }) => name === NODE_NAME);
      const view = nodeView(family, settings, { name: NODE_NAME, node }, CAPTURE_HOST);
      return { view, services: clusterRoutes(cluster, view) };
    });
}

function clusterAfter(changes: readonly Change[]): Cluster {
  const services = new Map<string, Service>();
  const slices = new Map<string, EndpointSlice>();
  const nodes = new Map<string, Node>([[NODE_NAME, nodeIn('zone-1')]]);
  for (const change of changes) {
    if (change.kind === 'service') put(services, change.key, change.object);
    else if (change.kind === 'slice') put(slices, change.key, change.object);
    else put(nodes, change.key, change.object);
  }
  return { services: [...services.values()], slices: [...slices.values()], nodes: [...nodes.values()] };
}

function put<Value>(into: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) into.delete(key);
  else into.set(key, value);
}
