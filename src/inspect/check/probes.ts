import type { Protocol } from '../../model/objects.ts';
import { isLoopback, type Address } from '../../net/address.ts';
import type { NodeView } from '../../routing/node-view.ts';
import type { Route } from '../../routing/route.ts';
import { isLocal, nodeFacts, type NodeFacts } from '../facts.ts';
import type { Packet, PacketState } from '../packet.ts';
import type { EntryKind } from './claims.ts';
import { neighbourPortsOf, neighboursOf } from './neighbours.ts';
import { isFirewalled, turningAway } from './promise.ts';
import {
  endpointSources,
  MANY_ENDPOINTS,
  nodeSource,
  rangeSources,
  type CommonSources,
  type Source,
} from './sources.ts';

/** A packet to try, and what it is about. */
export interface Probe {
  /** `namespace/name`, or `namespace/name:port`; undefined for what every node has. */
  readonly service: string | undefined;
  /** What it is sent to, in words. */
  readonly to: string;
  readonly from: Source;
  readonly packet: Packet;
  readonly facts: NodeFacts;
  /** Whether to look, too, at who is remembered and what becomes of those who are. */
  readonly memory: boolean;
}

/** What probes are made from, the same for all services. */
export interface ProbeContext {
  readonly view: NodeView;
  readonly facts: NodeFacts;
  readonly sources: CommonSources;
  /** The node's addresses of this family, loopback among them. */
  readonly nodeAddresses: readonly Address[];
}

interface Entry {
  readonly kind: EntryKind;
  readonly address: Address;
  readonly port: number;
  /** Of its kind, but external and load-balancer addresses and node ports are one kind here. */
  readonly isFirst: boolean;
}

const WORDS: Readonly<Record<EntryKind, string>> = {
  clusterIP: 'cluster IP',
  externalIP: 'external IP',
  loadBalancerIP: 'load-balancer IP',
  nodePort: 'node port',
};

/** Every packet that tells whether the rules of one service port are right. */
export function* probesOf(route: Route, context: ProbeContext): Iterable<Probe> {
  for (const entry of entriesOf(route, context)) {
    yield* entryProbes(route, entry, context);
    yield* statefulProbes(route, entry, context);
    yield* nearMisses(route, entry, context);
  }
  for (const address of [...route.externalIPs, ...route.loadBalancerIPs]) {
    yield* heldAddressProbes(route, address, context);
  }
}

function entriesOf(route: Route, { nodeAddresses }: ProbeContext): readonly Entry[] {
  const { clusterIP, port, nodePort } = route;
  const external: Omit<Entry, 'isFirst'>[] = [
    ...route.externalIPs.map((address) => ({ kind: 'externalIP' as const, address, port })),
    ...route.loadBalancerIPs.map((address) => ({ kind: 'loadBalancerIP' as const, address, port })),
  ];
  if (nodePort !== undefined) {
    external.unshift(
      ...nodeAddresses.map((address) => ({ kind: 'nodePort' as const, address, port: nodePort })),
    );
  }
  const internal: readonly Entry[] =
    clusterIP === undefined ? [] : [{ kind: 'clusterIP', address: clusterIP, port, isFirst: true }];
  return [...internal, ...external.map((entry, index) => ({ ...entry, isFirst: index === 0 }))];
}

function* entryProbes(route: Route, entry: Entry, context: ProbeContext): Iterable<Probe> {
  const { facts } = context;
  const isAffordable = entry.isFirst || route.endpoints.reachable.length <= MANY_ENDPOINTS;
  for (const from of askersOf(route, entry, context)) {
    yield probe(route, WORDS[entry.kind], from, entry, facts, {
      memory: isAffordable && context.sources.various.has(from),
    });
  }
}

function askersOf(route: Route, entry: Entry, context: ProbeContext): readonly Source[] {
  const { sources, facts } = context;
  const { outside, others } = sources;
  if (isLoopback(entry.address)) return [outside, nodeSource(entry.address)];
  const toItself = isLocal(facts, entry.address) ? [nodeSource(entry.address)] : [];
  const ranges = entry.kind === 'loadBalancerIP' ? rangeSources(route.sourceRanges, sources, facts) : [];
  return [
    outside,
    ...toItself,
    ...others,
    ...endpointSources(route, sources, facts, entry.isFirst),
    ...ranges,
  ];
}

/** What is turned away is so as a new connection only: an old one has been let through by somebody. */
function* statefulProbes(route: Route, entry: Entry, { sources, facts }: ProbeContext): Iterable<Probe> {
  if (turningAway(route, entry.kind) === undefined && !isFirewalled(route, entry.kind)) return;
  for (const from of [sources.outside, ...(sources.node === undefined ? [] : [sources.node])]) {
    for (const state of ['ESTABLISHED', 'INVALID'] as const) {
      yield probe(route, WORDS[entry.kind], from, entry, facts, { state });
    }
  }
}

const PROTOCOLS: readonly Protocol[] = ['tcp', 'udp', 'sctp'];

/** What is beside an entry belongs to others, or to nobody. */
function* nearMisses(route: Route, entry: Entry, { sources, facts }: ProbeContext): Iterable<Probe> {
  const { outside } = sources;
  const { kind, address, port } = entry;
  const beside = (what: string, to: Target, protocol?: Protocol): Probe =>
    probe(route, `${what} beside the ${WORDS[kind]}`, outside, to, facts, { protocol });
  for (const neighbour of neighbourPortsOf(port)) yield beside('the port', { address, port: neighbour });
  for (const protocol of PROTOCOLS) {
    if (protocol !== route.protocol) yield beside('the protocol', entry, protocol);
  }
  if (kind !== 'nodePort') {
    for (const neighbour of neighboursOf(address)) yield beside('the address', { address: neighbour, port });
  } else if (entry.isFirst && route.clusterIP !== undefined) {
    yield probe(route, 'node port on the cluster IP', outside, { address: route.clusterIP, port }, facts);
  }
}

/** Some nodes have the address themselves, as speakers of a load balancer do. */
function* heldAddressProbes(route: Route, address: Address, context: ProbeContext): Iterable<Probe> {
  const { facts, sources } = context;
  if (isLocal(facts, address)) return;
  const held = nodeFacts([...facts.localAddresses, address]);
  const askers = [
    sources.outside,
    nodeSource(address),
    ...sources.others.filter(({ inInterface }) => inInterface !== undefined),
  ];
  for (const from of askers) {
    for (const state of ['NEW', 'ESTABLISHED'] as const) {
      yield probe(route, 'address that the node has itself', from, { address, port: route.port }, held, {
        state,
      });
    }
  }
}

interface Target {
  readonly address: Address;
  readonly port: number;
}

interface ProbeOptions {
  readonly memory?: boolean;
  readonly state?: PacketState;
  /** The route's own without it. */
  readonly protocol?: Protocol | undefined;
}

function probe(
  route: Route,
  to: string,
  from: Source,
  { address, port }: Target,
  facts: NodeFacts,
  { memory = false, state = 'NEW', protocol = route.protocol }: ProbeOptions = {},
): Probe {
  const packet: Packet = {
    family: route.family,
    protocol,
    source: from.address,
    destination: address,
    destinationPort: port,
    inInterface: from.inInterface,
    state,
  };
  return { service: route.label, to, from, packet, facts, memory };
}
