import fc from 'fast-check';
import type { Change } from '../../src/cluster/source.ts';
import type { EndpointSlice, Node, Service, SliceEndpoint } from '../../src/model/objects.ts';
import { familyOf, type Address, type Cidr, type Family } from '../../src/net/address.ts';

/* Events over every field that a service proxy reads, from pools small enough that they meet. */

export const NODE_NAME = 'node-a';

const SERVICES = ['web/shop', 'web/cart', 'api/shop', 'api/dns', 'kube-system/dns'] as const;
const PORTS = ['', 'http', 'dns'] as const;

const ipv4 = (from: string) => fc.integer({ min: 1, max: 9 }).map((last) => `${from}.${last}` as Address);
const ipv6 = (from: string) => fc.integer({ min: 1, max: 9 }).map((last) => `${from}::${last}` as Address);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const family = fc.constantFrom<Family>('ipv4', 'ipv6');
const protocol = fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const);
const policy = fc.constantFrom('Cluster' as const, 'Local' as const);
const addresses = (v4: string, v6: string) => fc.uniqueArray(fc.oneof(ipv4(v4), ipv6(v6)), { maxLength: 3 });

const ports = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(...PORTS),
      protocol,
      port: fc.constantFrom(53, 80, 443),
      nodePort: optional(fc.constantFrom(30053, 30080, 30443)),
    }),
    { minLength: 1, maxLength: 3, selector: ({ name }) => name },
  )
  .filter((list) => new Set(list.map(({ port, protocol }) => `${port}${protocol}`)).size === list.length);

const clusterIPs = fc.oneof(
  fc.tuple(ipv4('10.96.0')),
  fc.tuple(ipv6('fd00:96')),
  fc.tuple(ipv4('10.96.0'), ipv6('fd00:96')),
);

const service = fc
  .record({
    type: fc.constantFrom('ClusterIP' as const, 'NodePort' as const, 'LoadBalancer' as const),
    headless: fc.integer({ max: 19, min: 0 }).map((chance) => chance === 0),
    servedByOther: fc.integer({ max: 19, min: 0 }).map((chance) => chance === 0),
    clusterIPs,
    ports,
    externalIPs: addresses('198.51.100', 'fd00:198'),
    loadBalancerVIPs: addresses('203.0.113', 'fd00:203'),
    loadBalancerSourceRanges: fc.uniqueArray(
      fc.constantFrom(
        '192.168.77.0/24',
        '198.51.100.7/32',
        'fd00:77::/64',
        '0.0.0.0/0',
      ) as fc.Arbitrary<string> as fc.Arbitrary<Cidr>,
      { maxLength: 2 },
    ),
    affinitySeconds: optional(fc.constantFrom(1, 10_800)),
    externalTrafficPolicy: policy,
    internalTrafficPolicy: policy,
    healthCheckNodePort: optional(fc.constantFrom(31_001, 31_002)),
  })
  .map((fields): Omit<Service, 'namespace' | 'name'> => ({
    ...fields,
    families: fields.clusterIPs.map(familyOf),
  }));

const endpointOf = (of: Family): fc.Arbitrary<SliceEndpoint> =>
  fc.record({
    address: of === 'ipv4' ? ipv4('10.244.1') : ipv6('fd00:244'),
    nodeName: fc.constantFrom(NODE_NAME, 'node-b', undefined),
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    zoneHints: fc.subarray(['zone-1', 'zone-2']),
    nodeHints: fc.subarray([NODE_NAME, 'node-b']),
  });

const slicePorts = fc.uniqueArray(
  fc.record({ name: fc.constantFrom(...PORTS), protocol, port: fc.constantFrom(8053, 8080) }),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
);

const slice = family.chain((of) =>
  fc.record({
    family: fc.constant(of),
    ports: slicePorts,
    endpoints: fc.array(endpointOf(of), { maxLength: 6 }),
  }),
);

const split = (key: string) => {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
};

const serviceEvent = fc
  .record({ key: fc.constantFrom(...SERVICES), fields: fc.option(service, { freq: 5, nil: undefined }) })
  .map(({ key, fields }): Change => ({
    kind: 'service',
    key,
    object: fields && { ...split(key), ...fields },
  }));

const sliceEvent = fc
  .record({
    owner: fc.constantFrom(...SERVICES),
    part: fc.constantFrom('a', 'b'),
    fields: fc.option(slice, { freq: 5, nil: undefined }),
  })
  .map(({ owner, part, fields }): Change => {
    const { namespace, name: serviceName } = split(owner);
    const name = `${serviceName}-${part}`;
    const object: EndpointSlice | undefined = fields && {
      namespace,
      name,
      serviceName,
      changedAt: undefined,
      ...fields,
    };
    return { kind: 'slice', key: `${namespace}/${name}`, object };
  });

const nodeEvent = fc
  .record({ zone: fc.constantFrom('zone-1', 'zone-2', undefined) })
  .map(({ zone }): Change => ({ kind: 'node', key: NODE_NAME, object: nodeIn(zone) }));

export function nodeIn(zone: string | undefined): Node {
  return {
    name: NODE_NAME,
    zone,
    addresses: ['192.168.77.10', 'fd00:77::10'] as readonly string[] as Address[],
    podCIDRs: ['10.244.1.0/24', 'fd00:244::/64'] as readonly string[] as Cidr[],
    leaving: false,
  };
}

export const event: fc.Arbitrary<Change> = fc.oneof(
  { arbitrary: serviceEvent, weight: 10 },
  { arbitrary: sliceEvent, weight: 14 },
  { arbitrary: nodeEvent, weight: 1 },
);

/** Events in bursts: each burst is one call of the source. */
export function bursts(events: number): fc.Arbitrary<readonly (readonly Change[])[]> {
  return fc
    .tuple(
      fc.array(event, { minLength: events, maxLength: events }),
      fc.array(fc.integer({ min: 1, max: 16 }), { minLength: events, maxLength: events }),
    )
    .map(([all, sizes]) => {
      const parts: Change[][] = [];
      for (let at = 0, index = 0; at < all.length; index += 1) {
        const size = sizes[index] ?? 1;
        parts.push(all.slice(at, at + size));
        at += size;
      }
      return parts;
    });
}
