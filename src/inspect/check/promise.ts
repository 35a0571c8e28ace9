import { cidrContains, type Address } from '../../net/address.ts';
import type { NodeView } from '../../routing/node-view.ts';
import type { Endpoint, Route } from '../../routing/route.ts';
import type { EntryKind } from './claims.ts';

/** Who sends a packet, as far as a service cares. */
export interface Asker {
  readonly address: Address;
  /** By which interface its packets reach the node; undefined for the node's own. */
  readonly inInterface: string | undefined;
  /** The address is one of the node's. */
  readonly isLocal: boolean;
}

/** Which endpoints a packet is dealt to, each as often as the others. */
export interface Dealing {
  /** Never empty. */
  readonly endpoints: readonly Endpoint[];
  /** Whatever the endpoint: one that reaches itself is masqueraded besides. */
  readonly masquerade: boolean;
}

/**
 * What a service port does with a packet that came by one of its entries, from its route alone;
 * undefined where it does nothing, so that the packet keeps its destination.
 *
 * Source: the service loop of syncProxyRules in pkg/proxy/iptables/proxier.go.
 */
export function dealingOf(route: Route, kind: EntryKind, asker: Asker, view: NodeView): Dealing | undefined {
  if (kind === 'clusterIP') return internalDealing(route, asker, view);
  if (!route.endpoints.anywhere) return undefined;
  if (kind === 'loadBalancerIP' && !passesFirewall(route, asker, view)) return undefined;
  return externalDealing(route, asker, view);
}

function internalDealing(route: Route, asker: Asker, view: NodeView): Dealing | undefined {
  const { cluster, local } = route.endpoints;
  // The answer of an endpoint might not come back through this node otherwise.
  const masquerade = view.masqueradeAll || (view.localPods.kind !== 'unknown' && !isLocalPod(view, asker));
  return dealt(route.internalPolicy === 'Local' ? local : cluster, masquerade);
}

function externalDealing(route: Route, asker: Asker, view: NodeView): Dealing | undefined {
  const { cluster, local } = route.endpoints;
  if (route.externalPolicy === 'Cluster') return dealt(cluster, true);
  // Policy Local binds the outside only.
  if (isLocalPod(view, asker)) return dealt(cluster, false);
  if (asker.isLocal) return dealt(cluster, true);
  return dealt(local, false);
}

function dealt(endpoints: readonly Endpoint[], masquerade: boolean): Dealing | undefined {
  return endpoints.length === 0 ? undefined : { endpoints, masquerade };
}

/** Whether the rules take the asker for a pod of this node. */
export function isLocalPod(
  { localPods }: Pick<NodeView, 'localPods'>,
  { address, inInterface }: Pick<Asker, 'address' | 'inInterface'>,
): boolean {
  switch (localPods.kind) {
    case 'unknown':
      return false;
    case 'source':
      return cidrContains(localPods.cidr, address);
    case 'interface': {
      if (inInterface === undefined) return false;
      const { name } = localPods;
      return name.endsWith('+') ? inInterface.startsWith(name.slice(0, -1)) : inInterface === name;
    }
  }
}

/** Whether a load-balancer address lets the asker through; without source ranges it lets everybody. */
export function passesFirewall(
  { sourceRanges, loadBalancerIPs }: Route,
  { address }: Pick<Asker, 'address'>,
  view: Pick<NodeView, 'address'>,
): boolean {
  if (sourceRanges.length === 0 || sourceRanges.some((range) => cidrContains(range, address))) return true;
  // Where the node has the address itself, its own requests carry it as source.
  const nodeMay = sourceRanges.some((range) => cidrContains(range, view.address));
  return nodeMay && loadBalancerIPs.includes(address);
}

/** Load-balancer addresses drop what no source range lets through, as long as anybody answers at all. */
export function isFirewalled({ endpoints, sourceRanges }: Route, kind: EntryKind): boolean {
  return kind === 'loadBalancerIP' && endpoints.anywhere && sourceRanges.length > 0;
}

/**
 * What becomes of packets to an entry that nobody answers; undefined where somebody does. Without any
 * endpoint clients are told at once; policy Local without a local one stays silent, since others answer.
 */
export function turningAway(route: Route, kind: EntryKind): 'refused' | 'dropped' | undefined {
  const { anywhere, local } = route.endpoints;
  const policy = kind === 'clusterIP' ? route.internalPolicy : route.externalPolicy;
  if (policy === 'Cluster') return anywhere ? undefined : 'refused';
  if (local.length > 0) return undefined;
  return anywhere ? 'dropped' : 'refused';
}
