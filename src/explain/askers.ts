import { commonSources } from '../inspect/check/sources.ts';
import type { EntryKind } from '../inspect/check/claims.ts';
import { isFirewalled, isLocalPod } from '../inspect/check/promise.ts';
import { isLocal } from '../inspect/facts.ts';
import {
  addressBits,
  familyOf,
  fromBigInt,
  isLoopback,
  networkAddress,
  parseCidr,
  prefixLengthOf,
  toBigInt,
  type Address,
  type Cidr,
} from '../net/address.ts';
import { claimsFor, type Destination } from './destination.ts';
import type { Asker, Situation } from './situation.ts';

/** Who asks, as far as it was said. */
export type From =
  | { readonly kind: 'default' }
  | { readonly kind: 'outside' | 'node' | 'pod' }
  | { readonly kind: 'address'; readonly address: Address; readonly isPod: boolean };

/**
 * By default a cluster IP is asked by a pod of this node, and everything else from outside: a load balancer with
 * source ranges from the first of them.
 *
 * @param kind what of a service the destination is, where that is known
 */
export function askerFor(
  from: From,
  kind: EntryKind | undefined,
  destination: Destination,
  situation: Situation,
): Asker {
  switch (from.kind) {
    case 'default':
      if (isLoopback(destination.address)) return nodeAsker(destination.address, situation);
      return kind === 'clusterIP' ? podAsker(situation, destination) : clientOf(destination, situation);
    case 'outside':
      return outsideAsker(situation);
    case 'node':
      return nodeAsker(destination.address, situation);
    case 'pod':
      return podAsker(situation, destination);
    case 'address':
      return addressAsker(from.address, from.isPod, situation);
  }
}

function outsideAsker({ view, facts }: Situation): Asker {
  const { outside } = commonSources(view, facts);
  return { who: 'outside', address: outside.address, inInterface: outside.inInterface };
}

function clientOf(destination: Destination, situation: Situation): Asker {
  const outside = outsideAsker(situation);
  const guarded = claimsFor(destination, situation).find(({ route, kind }) => isFirewalled(route, kind));
  const [range] = guarded?.route.sourceRanges ?? [];
  const address = range === undefined ? undefined : someIn(range, situation.facts.localAddresses);
  return address === undefined ? outside : { ...outside, address };
}

/** Who asks an address of its own asks by that address. */
function nodeAsker(destination: Address, { view, facts }: Situation): Asker {
  if (isLocal(facts, destination)) return { who: 'node', address: destination, inInterface: undefined };
  const address = commonSources(view, facts).node?.address ?? view.address;
  return { who: 'node', address, inInterface: undefined };
}

/** A pod of this node that is no endpoint of what it asks for, where there is one. */
function podAsker(situation: Situation, destination: Destination): Asker {
  const { view, facts, wanted } = situation;
  const { podInterface, outside } = commonSources(view, facts);
  const asked = claimsFor(destination, situation);
  const endpoints = asked.flatMap(({ route }) => route.endpoints.reachable);
  const own = new Set(endpoints.map(({ address }) => address));
  const neighbour = (wanted?.routes ?? [])
    .flatMap((route) => route.endpoints.reachable)
    .find(({ address, local }) => local && !own.has(address) && !isLocal(facts, address));
  const isPod = (address: Address): boolean => isLocalPod(view, { address, inInterface: podInterface });
  if (neighbour !== undefined && (view.localPods.kind === 'unknown' || isPod(neighbour.address))) {
    return { who: 'pod', address: neighbour.address, inInterface: podInterface };
  }
  const { localPods } = view;
  const network =
    localPods.kind === 'source' ? localPods.cidr : networkOf(endpoints.find(({ local }) => local)?.address);
  const address = network && someIn(network, own);
  const isOther = address !== undefined && !isLocal(facts, address);
  return { who: 'pod', address: isOther ? address : outside.address, inInterface: podInterface };
}

/** Where nobody says which networks pods have: as much as a node is given of one, as a rule. */
function networkOf(pod: Address | undefined): Cidr | undefined {
  return pod && parseCidr(`${pod}/${familyOf(pod) === 'ipv4' ? 24 : 64}`);
}

/** Some way into the network, as networks begin with addresses that no pod has. */
const SOME_WAY = 77n;

function someIn(network: Cidr, taken: ReadonlySet<Address>): Address | undefined {
  const family = familyOf(network);
  const size = 1n << BigInt(addressBits(family) - prefixLengthOf(network));
  const first = toBigInt(networkAddress(network));
  for (let way = SOME_WAY; way < SOME_WAY + size; way += 1n) {
    const address = fromBigInt(family, first + (way % size));
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function addressAsker(address: Address, isPod: boolean, { view, facts, wanted }: Situation): Asker {
  if (isLocal(facts, address)) return { who: 'node', address, inInterface: undefined };
  const { podInterface, outerInterface } = commonSources(view, facts);
  const endpoint = wanted?.routes
    .flatMap(({ endpoints }) => endpoints.reachable)
    .find((each) => each.address === address);
  const isLocalSource =
    view.localPods.kind === 'source' && isLocalPod(view, { address, inInterface: podInterface });
  // A pod's address may be of another node: then it comes in from outside, as that of a pod all the same.
  const comesFromHere = endpoint === undefined ? isPod || isLocalSource : endpoint.local;
  const who = isPod || endpoint !== undefined || isLocalSource ? 'pod' : 'outside';
  return { who, address, inInterface: comesFromHere ? podInterface : outerInterface };
}

/** Of the same family as what is asked for. */
export function fits({ address }: Asker, destination: Address): boolean {
  return familyOf(address) === familyOf(destination);
}
