import type { ApiObject, Store } from '../api/fake-store.ts';
import { makeStore } from '../api/fake-store.ts';
import { fromBigInt, type Address, type Family } from '../../src/net/address.ts';
import { familyName } from '../../src/net/family-name.ts';
import { node, service, slice } from '../api/objects.ts';

/* A large cluster as an API server holds it: a tenth of the services with a node port. */

export const NODE_NAME = 'node-a';
export const CLUSTER_CIDRS = { ipv4: '10.128.0.0/9', ipv6: 'fd00::a80:0/105' } as const;
export const SERVICE_CIDRS = { ipv4: '10.96.0.0/12', ipv6: 'fd00::a60:0/108' } as const;
/** Addresses of IPv6 end as those of IPv4 do. */
const PREFIXES = { ipv4: 0n, ipv6: 0xfd00n << 112n } as const;
const SERVICE_NET = 0x0a60_0001;
const POD_NET = 0x0a80_0001;
const NEW_POD_NET = 0x0ac0_0001;

export interface Endpoint {
  readonly address: Address;
  readonly ready: boolean;
  /** It serves still, and takes nothing new. */
  readonly terminating?: boolean;
}

/** A cluster whose services have addresses of one family. */
export interface BenchCluster {
  readonly clusterAddress: (index: number) => Address;
  readonly firstEndpoints: (index: number, count: number) => readonly Endpoint[];
  /** An address that no endpoint has had yet. */
  readonly newAddress: (index: number) => Address;
  readonly service: (index: number) => ApiObject;
  readonly slice: (index: number, endpoints: readonly Endpoint[]) => ApiObject;
  readonly store: (services: number, endpoints: number) => Store;
}

export function benchCluster(family: Family): BenchCluster {
  const address = (number: number): Address => fromBigInt(family, PREFIXES[family] + BigInt(number));

  const clusterAddress = (index: number): Address => address(SERVICE_NET + index);

  const firstEndpoints: BenchCluster['firstEndpoints'] = (index, count) =>
    Array.from({ length: count }, (_, position) => ({
      address: address(POD_NET + index * count + position),
      ready: true,
    }));

  const benchService = (index: number): ApiObject => {
    const external = index % 10 === 0 && index < 27_000;
    const clusterIP = clusterAddress(index);
    const nodePort = external ? { nodePort: 30_000 + index / 10 } : {};
    return withHistory(
      service(nameOf(index), {
        type: external ? 'NodePort' : 'ClusterIP',
        ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080, ...nodePort }],
        clusterIP,
        clusterIPs: [clusterIP],
        ipFamilies: [familyName(family)],
        ...(external ? { externalTrafficPolicy: 'Cluster' } : {}),
      }),
    );
  };

  const benchSlice: BenchCluster['slice'] = (index, endpoints) =>
    withHistory({
      ...slice(nameOf(index), []),
      addressType: familyName(family),
      endpoints: endpoints.map(({ address, ready, terminating = false }, position) => ({
        addresses: [address],
        conditions: { ready, serving: ready || terminating, terminating },
        nodeName: `node-${position}`,
        targetRef: {
          kind: 'Pod',
          namespace: 'shop',
          name: `${nameOf(index)}-7d4b9c6f5d-${address.replaceAll(/[.:]/g, '')}`,
          uid: '0b1f8a52-6f5c-4c0e-9a4c-5d8a8e0b8a11',
        },
      })),
    });

  return {
    clusterAddress,
    firstEndpoints,
    newAddress: (index) => address(NEW_POD_NET + index),
    service: benchService,
    slice: benchSlice,
    store: (services, endpoints) => {
      const store = makeStore();
      store.apply('nodes', node(NODE_NAME));
      for (let index = 0; index < services; index += 1) {
        store.apply('services', benchService(index));
        store.apply('endpointslices', benchSlice(index, firstEndpoints(index, endpoints)));
      }
      store.compact();
      return store;
    },
  };
}

function nameOf(index: number): string {
  return `service-${index}`;
}

/** About what controllers leave in an object, which a service proxy has to read past. */
function withHistory(object: ApiObject): ApiObject {
  const managedFields = [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-11-21T04:10:48Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': { 'f:ports': { '.': {}, 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } },
      },
    },
  ];
  return { ...object, metadata: { ...object.metadata, managedFields } };
}
