import {
  cidrContains,
  familyOf,
  isLoopback,
  type Address,
  type Cidr,
  type Family,
} from '../../net/address.ts';
import type { LocalPods, NodeView } from '../../routing/node-view.ts';
import type { Endpoint, Route } from '../../routing/route.ts';
import { isLocal, type NodeFacts } from '../facts.ts';
import { borderOf } from './neighbours.ts';
import { isLocalPod } from './promise.ts';

/** Where a packet comes from. */
export interface Source {
  /** In words, for whoever reads of a packet that went wrong. */
  readonly who: string;
  readonly address: Address;
  /** By which interface it comes in; undefined for the node's own. */
  readonly inInterface: string | undefined;
}

/** The sources that do not depend on the service. */
export interface CommonSources {
  readonly outside: Source;
  /** The node itself, to what is not on the node; undefined where it has no address of this family. */
  readonly node: Source | undefined;
  /** By the node's own address and by loopback, and at each border of what counts as a local pod. */
  readonly others: readonly Source[];
  /** One of each kind that the policies of services tell apart. */
  readonly various: ReadonlySet<Source>;
  /** Interfaces by which packets come from pods of this node, and from elsewhere. */
  readonly podInterface: string;
  readonly outerInterface: string;
}

/** Addresses that are for examples (RFC 5737, RFC 3849): nobody's, unless a cluster uses them. */
const STRANGERS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['198.51.100.77', '203.0.113.77', '192.0.2.77', '198.18.7.77'],
  ipv6: ['2001:db8:77::77', '3fff:77::77', '2001:2::77'],
};
const INTERFACES = ['eth0', 'ens3', 'uplink0'];
const LOOPBACK: Readonly<Record<Family, Address>> = { ipv4: '127.0.0.1' as Address, ipv6: '::1' as Address };
const SOME_POD: Readonly<Record<Family, Address>> = {
  ipv4: '198.18.0.77' as Address,
  ipv6: '2001:2:0:1::77' as Address,
};

export function commonSources(view: NodeView, facts: NodeFacts): CommonSources {
  const { family, localPods } = view;
  const outerInterface = INTERFACES.find((name) => !comesFromPod(localPods, name)) ?? 'uplink0';
  const podInterface = localPods.kind === 'interface' ? localPods.name.replace(/\+$/, '0') : 'pod0';
  const strangers = STRANGERS[family] as readonly Address[];
  const unclaimed = strangers.find(
    (address) =>
      !isLocal(facts, address) && !(localPods.kind === 'source' && cidrContains(localPods.cidr, address)),
  );
  const address = unclaimed ?? strangers[0] ?? SOME_POD[family];
  const own = ownAddress(view, facts);
  const node = own === undefined ? undefined : nodeSource(own, 'the node');
  const loopback = nodeSource(LOOPBACK[family], 'the node by loopback');
  const outside = { who: 'outside', address, inInterface: outerInterface };
  const pods = podBorder(view, podInterface, outerInterface);
  const some = node === undefined ? [] : [node];
  return {
    outside,
    node,
    others: [...some, loopback, ...pods.map((pod) => asSeen(pod, facts))],
    various: new Set([outside, ...some, ...pods.slice(0, 1)]),
    podInterface,
    outerInterface,
  };
}

function comesFromPod(localPods: LocalPods, inInterface: string): boolean {
  return localPods.kind === 'interface' && isLocalPod({ localPods }, { address: SOME_POD.ipv4, inInterface });
}

function ownAddress({ family, address }: NodeView, facts: NodeFacts): Address | undefined {
  if (isLocal(facts, address) && !isLoopback(address)) return address;
  return [...facts.localAddresses].find((local) => familyOf(local) === family && !isLoopback(local));
}

export function nodeSource(address: Address, who = `the node by ${address}`): Source {
  return { who, address, inInterface: undefined };
}

/** An address at the border of a network may be the node's own. */
function asSeen(source: Source, facts: NodeFacts): Source {
  return isLocal(facts, source.address) ? nodeSource(source.address, source.who) : source;
}

/** Pods of this node and those who nearly look like them. */
function podBorder({ family, localPods }: NodeView, podInterface: string, outer: string): readonly Source[] {
  switch (localPods.kind) {
    case 'unknown':
      return [{ who: 'a pod', address: SOME_POD[family], inInterface: podInterface }];
    case 'source': {
      const { inside, outside } = borderOf(localPods.cidr);
      return [
        ...inside.map((address) => ({ who: 'a local pod', address, inInterface: podInterface })),
        ...outside.map((address) => ({ who: 'a remote pod', address, inInterface: outer })),
      ];
    }
    case 'interface':
      return [
        { who: 'a local pod', address: SOME_POD[family], inInterface: podInterface },
        ...nearlyNamed(localPods.name).map((inInterface) => ({
          who: 'a remote pod',
          address: SOME_POD[family],
          inInterface,
        })),
      ];
  }
}

/** Interfaces that only just do not match. */
function nearlyNamed(name: string): readonly string[] {
  const stem = name.replace(/\+$/, '');
  const names = name.endsWith('+') ? [stem.slice(0, -1)] : [stem.slice(0, -1), `${stem}0`];
  return names.filter((candidate) => candidate !== '');
}

/** Past this many, what is the same at all entries is tried at one within and one without the cluster only. */
export const MANY_ENDPOINTS = 64;
/** Of a larger service not all are tried: each deals out all of them, which is quadratic. */
export const MOST_ENDPOINTS = 1000;
/** Endpoints tried times endpoints dealt out: with 20,000 of them 64 are tried. */
const MOST_PAIRS = MOST_ENDPOINTS ** 2;

/**
 * The endpoints of a service as askers of it: each is masqueraded when it is sent to itself.
 *
 * @param isFirst of the entries of its kind
 */
export function endpointSources(
  { endpoints: { reachable } }: Route,
  { podInterface, outerInterface }: CommonSources,
  facts: NodeFacts,
  isFirst: boolean,
): readonly Source[] {
  return sample(reachable, isFirst ? mostTried(reachable.length) : MANY_ENDPOINTS).map(
    ({ address, local }): Source => ({
      who: 'an endpoint of it',
      address,
      inInterface: inInterfaceOf(address, local),
    }),
  );

  function inInterfaceOf(address: Address, local: boolean): string | undefined {
    if (isLocal(facts, address)) return undefined;
    return local ? podInterface : outerInterface;
  }
}

/** Never fewer than those of a service that is not large. */
function mostTried(endpoints: number): number {
  return Math.max(MANY_ENDPOINTS, Math.min(MOST_ENDPOINTS, Math.floor(MOST_PAIRS / endpoints)));
}

/** So many, evenly spread, the first and the last among them. */
function sample(endpoints: readonly Endpoint[], most: number): readonly Endpoint[] {
  if (endpoints.length <= most) return endpoints;
  const step = (endpoints.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => endpoints[Math.round(index * step)]).filter(
    (endpoint) => endpoint !== undefined,
  );
}

/** Both sides of each border of the source ranges. */
export function rangeSources(
  ranges: readonly Cidr[],
  { outerInterface }: CommonSources,
  facts: NodeFacts,
): readonly Source[] {
  return ranges
    .flatMap((range) => {
      const { inside, outside } = borderOf(range);
      return [
        ...inside.map((address) => ({
          who: `outside, within ${range}`,
          address,
          inInterface: outerInterface,
        })),
        ...outside.map((address) => ({
          who: `outside, beside ${range}`,
          address,
          inInterface: outerInterface,
        })),
      ];
    })
    .filter(({ address }) => !isLocal(facts, address));
}
