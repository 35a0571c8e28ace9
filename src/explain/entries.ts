import type { EntryKind } from '../inspect/check/claims.ts';
import type { Protocol } from '../model/objects.ts';
import { familyOf, isLoopback, type Address } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';

/** An address and port that a service should answer on. */
export interface Entry {
  readonly kind: EntryKind;
  /** `namespace/name`, or `namespace/name:port`; empty where nobody says. */
  readonly service: string;
  readonly protocol: Protocol;
  readonly address: Address;
  readonly port: number;
}

/** All ways into a service port. A node port is asked for at one address of the node. */
export function entriesOfRoute(
  route: Route,
  view: NodeView,
  nodeAddresses: readonly Address[],
): readonly Entry[] {
  const { label: service, protocol, port, clusterIP, externalIPs, loadBalancerIPs, nodePort } = route;
  const entry = (kind: EntryKind, address: Address, at = port): Entry => ({
    kind,
    service,
    protocol,
    address,
    port: at,
  });
  const own = nodeAddress(view, nodeAddresses);
  return [
    ...(clusterIP === undefined ? [] : [entry('clusterIP', clusterIP)]),
    ...externalIPs.map((address) => entry('externalIP', address)),
    ...loadBalancerIPs.map((address) => entry('loadBalancerIP', address)),
    ...(nodePort === undefined || own === undefined ? [] : [entry('nodePort', own, nodePort)]),
  ];
}

/** One that answers node ports; where none does, one that should. */
function nodeAddress({ family, nodePorts, address }: NodeView, own: readonly Address[]): Address | undefined {
  const answering = nodePorts.kind === 'addresses' ? nodePorts.addresses : own;
  const outer = [...answering, ...own].filter((each) => familyOf(each) === family && !isLoopback(each));
  const [first] = outer;
  return answering.includes(address) && outer.includes(address) ? address : first;
}
