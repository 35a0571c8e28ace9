import type { Cluster, EndpointSlice, Service } from '../../src/model/objects.ts';
import { fromBigInt, type Family } from '../../src/net/address.ts';
import { plainService, plainSlice, readyEndpoint } from '../support/plain-objects.ts';

/** 10.96.0.1 and fd00:10:96::1, 10.128.0.1 and fd00:10:128::1. */
const SERVICE_NET = { ipv4: 0x0a60_0001n, ipv6: (0xfd00_0010_0096n << 80n) + 1n } as const;
const POD_NET = { ipv4: 0x0a80_0001n, ipv6: (0xfd00_0010_0128n << 80n) + 1n } as const;

/** Services of one port, a tenth of them with a node port, all with as many ready endpoints. */
export function largeCluster(serviceCount: number, endpointCount: number, family: Family = 'ipv4'): Cluster {
  const services: Service[] = [];
  const slices: EndpointSlice[] = [];
  for (let index = 0; index < serviceCount; index += 1) {
    const namespace = `team-${index % 50}`;
    const name = `service-${index}`;
    const external = index % 10 === 0;
    const service = plainService({
      namespace,
      name,
      type: external ? 'NodePort' : 'ClusterIP',
      families: [family],
      clusterIPs: [fromBigInt(family, SERVICE_NET[family] + BigInt(index))],
      ports: [
        { name: 'http', protocol: 'tcp', port: 80, nodePort: external ? 30_000 + index / 10 : undefined },
      ],
    });
    services.push(service);
    const slice = plainSlice({
      namespace,
      serviceName: name,
      family,
      ports: [{ name: 'http', protocol: 'tcp', port: 8080 }],
      endpoints: Array.from({ length: endpointCount }, (_, position) =>
        readyEndpoint({
          address: fromBigInt(family, POD_NET[family] + BigInt(index * endpointCount + position)),
          nodeName: `node-${position}`,
        }),
      ),
    });
    slices.push(slice);
  }
  return { services, slices, nodes: [] };
}
