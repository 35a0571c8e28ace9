import type { Cluster, EndpointSlice, Service } from '../../src/model/objects.ts';
import { fromBigInt } from '../../src/net/address.ts';

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
    services.push({
      namespace,
      name,
      type: external ? 'NodePort' : 'ClusterIP',
      headless: false,
      servedByOther: false,
      clusterIPs: [fromBigInt('ipv4', SERVICE_NET + BigInt(index))],
      families: ['ipv4'],
      ports: [
        { name: 'http', protocol: 'tcp', port: 80, nodePort: external ? 30_000 + index / 10 : undefined },
      ],
      externalIPs: [],
      loadBalancerVIPs: [],
      loadBalancerSourceRanges: [],
      affinitySeconds: undefined,
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      healthCheckNodePort: undefined,
    });
    slices.push({
      namespace,
      name: `${name}-a`,
      serviceName: name,
      family: 'ipv4',
      ports: [{ name: 'http', protocol: 'tcp', port: 8080 }],
      endpoints: Array.from({ length: endpointCount }, (_, position) => ({
        address: fromBigInt('ipv4', POD_NET + BigInt(index * endpointCount + position)),
        nodeName: `node-${position}`,
        ready: true,
        serving: true,
        terminating: false,
        zoneHints: [],
        nodeHints: [],
      })),
      changedAt: undefined,
    });
  }
  return { services, slices, nodes: [] };
}
