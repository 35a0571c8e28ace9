import { cidrContains, isLoopback, type Address } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Endpoint, Route } from '../routing/route.ts';

/** Who asks. */
export interface Source {
  readonly kind: 'outside' | 'node' | 'pod';
  /** What its packets carry when they meet the rules. */
  readonly address: Address;
  /** By which interface they reach the node; undefined for its own. */
  readonly hostInterface: string | undefined;
}

/** Which of a service port's addresses is asked. */
export interface Destination {
  readonly kind: 'clusterIP' | 'nodePort' | 'externalIP' | 'loadBalancerIP';
  readonly address: Address;
  readonly port: number;
}

/** What must become of requests, if the rules are right. */
export type Expectation =
  | {
      readonly kind: 'arrives';
      readonly at: readonly ExpectedArrival[];
      /** Session affinity: all of one source's requests arrive at the same one of them. */
      readonly sticky: boolean;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'dropped' }
  /** No rule is for it and it goes where the node's routes lead: nothing to expect. */
  | { readonly kind: 'leaves' };

export interface ExpectedArrival {
  /** `address:port`. */
  readonly endpoint: string;
  /** Of 1. */
  readonly share: number;
  /** Which address the endpoint sees: the asker's own, or the node's. */
  readonly source: 'own' | 'node';
}

/**
 * What a service promises, worked out from its route alone and not from its rules, so that the two can
 * be held against each other.
 *
 * @param ownAddresses those of the node
 */
export function expect(
  route: Route,
  view: NodeView,
  source: Source,
  destination: Destination,
  ownAddresses: readonly Address[],
): Expectation {
  const arrivals = (endpoints: readonly Endpoint[], masquerade: boolean): Expectation => ({
    kind: 'arrives',
    at: endpoints.map(({ address, text }) => ({
      endpoint: text,
      share: 1 / endpoints.length,
      source: sourceSeen(source, address, masquerade, ownAddresses),
    })),
    sticky: route.affinitySeconds !== undefined,
  });
  const { cluster, local, anywhere } = route.endpoints;
  if (destination.kind === 'clusterIP') {
    const endpoints = route.internalPolicy === 'Local' ? local : cluster;
    if (endpoints.length === 0) return refusal(route.internalPolicy, anywhere);
    return arrivals(endpoints, masqueradesInternal(view, source));
  }

  const nobodyHere = route.externalPolicy === 'Local' ? local.length === 0 : !anywhere;
  if (destination.kind === 'nodePort' && !answersNodePorts(view, destination.address)) {
    return nobodyHere ? refusal(route.externalPolicy, anywhere) : { kind: 'refused' };
  }
  if (!anywhere) {
    // Rules that refuse external traffic are met on the way in, never on the way out.
    const isOwn = isLoopback(destination.address) || ownAddresses.includes(destination.address);
    return source.kind === 'node' && !isOwn ? { kind: 'leaves' } : { kind: 'refused' };
  }
  if (destination.kind === 'loadBalancerIP' && !passesFirewall(route, source)) return { kind: 'dropped' };
  if (route.externalPolicy === 'Cluster') return arrivals(cluster, true);
  // Policy Local binds the outside only.
  if (isLocalPod(view, source)) return arrivals(cluster, false);
  if (source.kind === 'node') return arrivals(cluster, true);
  return nobodyHere ? { kind: 'dropped' } : arrivals(local, false);
}

/** Whether the rules take the asker for a pod of this node. */
export function isLocalPod({ localPods }: NodeView, { address, hostInterface }: Source): boolean {
  switch (localPods.kind) {
    case 'unknown':
      return false;
    case 'source':
      return cidrContains(localPods.cidr, address);
    case 'interface': {
      if (hostInterface === undefined) return false;
      const { name } = localPods;
      return name.endsWith('+') ? hostInterface.startsWith(name.slice(0, -1)) : hostInterface === name;
    }
  }
}

function masqueradesInternal(view: NodeView, source: Source): boolean {
  if (view.masqueradeAll) return true;
  return view.localPods.kind !== 'unknown' && !isLocalPod(view, source);
}

/** A policy that finds nobody here is no error where others may answer: it drops, and does not refuse. */
function refusal(policy: Route['internalPolicy'], anywhere: boolean): Expectation {
  return { kind: policy === 'Local' && anywhere ? 'dropped' : 'refused' };
}

function answersNodePorts({ nodePorts }: NodeView, address: Address): boolean {
  if (nodePorts.kind === 'addresses') return nodePorts.addresses.includes(address);
  return nodePorts.loopback || !isLoopback(address);
}

function passesFirewall({ sourceRanges }: Route, { address }: Source): boolean {
  return sourceRanges.length === 0 || sourceRanges.some((range) => cidrContains(range, address));
}

function sourceSeen(
  source: Source,
  endpoint: Address,
  masquerade: boolean,
  ownAddresses: readonly Address[],
): ExpectedArrival['source'] {
  if (source.kind === 'node') return 'node';
  // What ends on the node itself never passes POSTROUTING, where sources are rewritten.
  if (ownAddresses.includes(endpoint)) return 'own';
  return masquerade || endpoint === source.address ? 'node' : 'own';
}
