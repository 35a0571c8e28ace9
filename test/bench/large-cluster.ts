import type { Cluster, EndpointSlice, Service } from '../../src/model/objects.ts';
import { fromBigInt } from '../../src/net/address.ts';
import { plainService, plainSlice, readyEndpoint } from '../support/plain-objects.ts';

const SERVICE_NET = 0x0a60_0001n;
const POD_NET = 0x0a80_0001n;

/** Services of one port, a tenth of them with a node port, all with as many ready endpoints. */
export function largeCluster(serviceCount: number, endpointCount: number): Cluster {
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
      clusterIPs: [fromBigInt('ipv4', SERVICE_NET + BigInt(index))],
      ports: [
        { name: 'http', protocol: 'tcp', port: 80, nodePort: external ? 30_000 + index / 10 : undefined },
      ],
    });
    services.push(service);
    const slice = plainSlice({
      namespace,
      serviceName: name,
      ports: [{ name: 'http', protocol: 'tcp', port: 8080 }],
      endpoints: Array.from({ length: endpointCount }, (_, position) =>
        readyEndpoint({
          address: fromBigInt('ipv4', POD_NET + BigInt(index * endpointCount + position)),
          nodeName: `node-${position}`,
        }),
      ),
    });
    slices.push(slice);
  }
  return { services, slices, nodes: [] };
}
