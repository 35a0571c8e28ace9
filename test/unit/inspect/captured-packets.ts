import type { NodeFacts } from '../../../src/inspect/facts.ts';
import { nodeFacts } from '../../../src/inspect/facts.ts';
import type { Packet } from '../../../src/inspect/packet.ts';
import { chooseNode } from '../../../src/cluster/identity.ts';
import type { Address, Family } from '../../../src/net/address.ts';
import { nodeView } from '../../../src/routing/node-view.ts';
import type { Route } from '../../../src/routing/route.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import { CAPTURE_HOST, type LoadedCase } from '../../support/cases.ts';

export const CAPTURE_FACTS: NodeFacts = nodeFacts(CAPTURE_HOST.interfaceAddresses);

const OWN: Readonly<Record<Family, Address>> = {
  ipv4: '192.168.77.10' as Address,
  ipv6: 'fd00:77::10' as Address,
};
const OUTSIDE: Readonly<Record<Family, Address>> = {
  ipv4: '192.168.77.100' as Address,
  ipv6: 'fd00:77::64' as Address,
};
const POD: Readonly<Record<Family, Address>> = {
  ipv4: '10.244.1.200' as Address,
  ipv6: 'fd00:10:244:1::c8' as Address,
};

/** To every address of every service port and to its neighbours, from outside, pods and the node. */
export function packetsOf({ cluster, settings }: LoadedCase, family: Family): readonly Packet[] {
  const view = nodeView(family, settings, chooseNode(cluster, settings).identity, CAPTURE_HOST);
  return clusterRoutes(cluster, view).flatMap(({ routes }) => routes.flatMap(packetsTo));
}

function packetsTo(route: Route): readonly Packet[] {
  const { family, protocol } = route;
  const endpoint = route.endpoints.reachable[0]?.address;
  const sources = [
    { source: OUTSIDE[family], inInterface: 'eth0' },
    { source: OWN[family], inInterface: undefined },
    { source: POD[family], inInterface: 'veth1' },
    ...(endpoint === undefined ? [] : [{ source: endpoint, inInterface: 'cbr0' }]),
  ];
  return entriesOf(route).flatMap(({ address, port }) =>
    [port, port + 1].flatMap((destinationPort) =>
      sources.map((from) => ({ family, protocol, destination: address, destinationPort, ...from })),
    ),
  );
}

function entriesOf(route: Route): readonly { readonly address: Address; readonly port: number }[] {
  const { clusterIP, externalIPs, loadBalancerIPs, port, nodePort, family } = route;
  const addresses = [...(clusterIP === undefined ? [] : [clusterIP]), ...externalIPs, ...loadBalancerIPs];
  return [
    ...addresses.map((address) => ({ address, port })),
    ...(nodePort === undefined ? [] : [{ address: OWN[family], port: nodePort }]),
  ];
}
