import type { Address, Cidr } from '../../src/net/address.ts';
import type { Endpoint } from '../../src/routing/route.ts';
import { choice, plainEndpoint, plainRoute, plainView } from './plain-routes.ts';

/* A node, and a service port that answers in every way: for tests that change a field of it. */

export const NODE = '192.168.77.10' as Address;
export const POD = '10.244.1.5' as Address;

export const view = plainView({
  address: NODE,
  localPods: { kind: 'source', cidr: '10.244.0.0/16' as Cidr },
});

export function endpoint(address: string, local: boolean): Endpoint {
  return plainEndpoint(address as Address, 80, { local });
}

export const here = endpoint(POD, true);
export const there = endpoint('10.244.2.5', false);
export const onNode = endpoint(NODE, true);

export const route = plainRoute({
  service: 'web',
  clusterIP: '10.96.0.10' as Address,
  port: 80,
  nodePort: 30080,
  externalIPs: ['198.51.100.1' as Address],
  loadBalancerIPs: ['198.51.100.2' as Address],
  endpoints: choice([here, there]),
});
