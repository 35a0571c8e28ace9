import { fileURLToPath } from 'node:url';
import type { Scene } from '../../../src/routing/scene.ts';
import { loadScene } from '../../../src/cli/scene.ts';
import { chooseNode } from '../../../src/cluster/identity.ts';
import { readManifests } from '../../../src/cluster/manifests.ts';
import type { FlagValues } from '../../../src/config/flags.ts';
import { readConfig } from '../../../src/config/load.ts';

/** The addresses of the lab's node, as node-a below has them, and where the lab puts its client. */
export const NODE_V4 = '192.168.77.10';
export const NODE_V6 = 'fd00:77::10';
export const CLIENT_V4 = '192.168.77.100';
export const CLIENT_V6 = 'fd00:77::6a';

export interface ServiceSpec {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** The address that a load balancer gave it. */
  readonly loadBalancerIP?: string;
  /** Addresses on node-a, addresses on node-b. */
  readonly here?: readonly string[];
  readonly there?: readonly string[];
}

const TARGET_PORT = 8080;

/** Services with endpoints, all of whose ports are 8080, on node-a; the pod networks are known. */
export function sceneOf(services: readonly ServiceSpec[], flags: Record<string, string[]> = {}): Scene {
  const objects = [NODE_A, ...services.flatMap(objectsOf)];
  const { cluster } = readManifests(
    objects.map((object, index) => ({ name: `object ${index}`, text: JSON.stringify(object) })),
  );
  const { settings } = readConfig({
    flags: { 'cluster-cidr': ['10.244.0.0/16,fd00:10:244::/48'], ...flags },
  });
  return { cluster, settings, identity: chooseNode(cluster, settings).identity, warnings: [] };
}

const NODE_A = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-a' },
  status: {
    addresses: [NODE_V4, NODE_V6].map((address) => ({ type: 'InternalIP', address })),
  },
};

function objectsOf({ name, spec, loadBalancerIP, here = [], there = [] }: ServiceSpec): readonly object[] {
  const ports = spec.ports as readonly { name?: string; protocol?: string }[];
  const ingress = loadBalancerIP === undefined ? [] : [{ ip: loadBalancerIP }];
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec,
    status: { loadBalancer: { ingress } },
  };
  const slices = ['IPv4', 'IPv6'].map((addressType) => {
    const endpointsOn = (nodeName: string, addresses: readonly string[]) =>
      addresses
        .filter((address) => address.includes(':') === (addressType === 'IPv6'))
        .map((address) => ({ addresses: [address], nodeName }));
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${addressType.toLowerCase()}`,
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType,
      ports: ports.map(({ name: port, protocol }) => ({ name: port, protocol, port: TARGET_PORT })),
      endpoints: [...endpointsOn('node-a', here), ...endpointsOn('node-b', there)],
    };
  });
  return [service, ...slices];
}

export const EXAMPLES = fileURLToPath(new URL('../../../manifests/examples/', import.meta.url));

export function loadExample(name: string, flags: FlagValues = {}): Promise<Scene> {
  return loadScene({
    filename: [`${EXAMPLES}${name}`],
    flags: { 'hostname-override': ['node-a'], ...flags },
  });
}
