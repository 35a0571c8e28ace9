import { dealingOf, turningAway, type Asker } from '../inspect/check/promise.ts';
import { isLoopback, type Address } from '../net/address.ts';
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
  const { kind, address } = destination;
  const turnedAway = turningAway(route, kind);
  // Where node ports do not answer, the host does, on which nobody listens.
  if (kind === 'nodePort' && !answersNodePorts(view, address)) return { kind: turnedAway ?? 'refused' };
  const dealing = dealingOf(route, kind, askerOf(source), view);
  if (dealing !== undefined) return arrivals(dealing.endpoints, dealing.masquerade);
  // Rules that refuse external traffic are met on the way in, never on the way out.
  const isOwn = isLoopback(address) || ownAddresses.includes(address);
  if (kind !== 'clusterIP' && turnedAway === 'refused' && source.kind === 'node' && !isOwn) {
    return { kind: 'leaves' };
  }
  // Who is not turned away and yet not dealt to an endpoint is from outside of the source ranges.
  return { kind: turnedAway ?? 'dropped' };
}

function askerOf({ kind, address, hostInterface }: Source): Asker {
  return { address, inInterface: hostInterface, isLocal: kind === 'node' };
}

function answersNodePorts({ nodePorts }: NodeView, address: Address): boolean {
  if (nodePorts.kind === 'addresses') return nodePorts.addresses.includes(address);
  return nodePorts.loopback || !isLoopback(address);
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
