import { isFirewalled, isLocalPod } from '../inspect/check/promise.ts';
import type { Claim } from '../inspect/check/claims.ts';
import { isLocal } from '../inspect/facts.ts';
import type { Delivered } from '../inspect/fate.ts';
import { note, type Finding } from './finding.ts';
import { counted, listed } from './listing.ts';
import type { Trip } from './situation.ts';
import { isHealthCheck } from './verdict.ts';

/** What is worth knowing though nothing is broken. */
export function notesOn(trip: Trip): readonly Finding[] {
  const arrivals = trip.fates.flatMap(({ outcome }) =>
    outcome.kind === 'delivered' && outcome.dnat ? [outcome] : [],
  );
  const [claim] = trip.claims;
  const ofClaim = claim === undefined ? [] : NOTES.flatMap((about) => about(trip, claim, arrivals));
  return [
    ...severalOwners(trip),
    ...healthChecks(trip),
    ...(arrivals.length === 0 ? [] : [...sourceNotes(trip, arrivals), ...ofClaim]),
  ];
}

type About = (trip: Trip, claim: Claim, arrivals: readonly Delivered[]) => readonly Finding[];

const NOTES: readonly About[] = [guarded, affinity, hints, terminating, spareNodePorts, spareNode];

function severalOwners({ claims }: Trip): readonly Finding[] {
  const owners = [...new Set(claims.map(({ route }) => route.label))];
  if (owners.length < 2) return [];
  const text = `${listed(owners)} all claim this address and port: the rule that comes first wins, and which that is nobody promises`;
  return [note('severalOwners', text, 'give each service an address or a port of its own')];
}

function healthChecks(trip: Trip): readonly Finding[] {
  const isOne = trip.fates.some(
    ({ outcome }) => outcome.kind === 'delivered' && !outcome.dnat && isHealthCheck(trip, outcome),
  );
  if (!isOne) return [];
  return [
    note(
      'healthCheck',
      'a health-check node port: the service proxy answers itself, 200 with a ready local endpoint and 503 without',
    ),
  ];
}

/** Whose address endpoints see, and how to change that. */
function sourceNotes(trip: Trip, arrivals: readonly Delivered[]): readonly Finding[] {
  const { asker, packet, situation } = trip;
  const hidden = arrivals.filter(({ masqueraded }) => masqueraded);
  if (hidden.length === 0) {
    const text = `endpoints see the client's own address, ${packet.source}`;
    return [note('sourceKept', text)];
  }
  const toItself = hidden.filter(({ address }) => address === packet.source);
  if (toItself.length > 0) {
    const text = `${packet.source} is an endpoint itself; where it is sent to itself, it sees the address of the node, as its answer would else not come back by the node`;
    return [note('hairpin', text)];
  }
  if (isByOuterPolicy(trip)) {
    const text =
      'endpoints see the address of this node, not the client: it may be sent to another node, and the answer must come back by this one';
    return [
      note(
        'masqueraded',
        text,
        "externalTrafficPolicy: Local keeps the client's address, and serves only on nodes that have an endpoint",
      ),
    ];
  }
  if (situation.view.masqueradeAll) {
    return [
      note(
        'masqueraded',
        'endpoints see the address of this node: masqueradeAll is on',
        'set iptables.masqueradeAll: false',
      ),
    ];
  }
  const why =
    asker.who === 'node'
      ? 'the node asks by its own address or by loopback'
      : 'the client does not count as a pod of this node';
  return [
    note(
      'masqueraded',
      `endpoints see the address of this node: ${why}`,
      asker.who === 'pod' ? 'see that clusterCIDR or detectLocalMode covers the pods' : null,
    ),
  ];
}

/** Without a cluster the chains on the way tell. */
function isByOuterPolicy({ claims, fates }: Trip): boolean {
  const [claim] = claims as readonly (Claim | undefined)[];
  if (claim !== undefined) return claim.kind !== 'clusterIP' && claim.route.externalPolicy === 'Cluster';
  return fates.some(({ path }) =>
    path.some(({ table, chain }) => table === 'nat' && OUTER_CHAIN.test(chain)),
  );
}

const OUTER_CHAIN = /^KUBE-(?:EXT-|FW-|XLB-|NODEPORTS$)/;

function guarded(_: Trip, { kind, route }: Claim): readonly Finding[] {
  if (!isFirewalled(route, kind)) return [];
  return [
    note('sourceRange', `only clients from ${listed(route.sourceRanges)} are let in; others are dropped`),
  ];
}

function affinity(_: Trip, { route }: Claim): readonly Finding[] {
  if (route.affinitySeconds === undefined) return [];
  const text = `session affinity: whoever came within the last ${route.affinitySeconds} s is sent to the same endpoint again; shares are those of new clients`;
  return [
    note(
      'affinity',
      text,
      'clients behind one address (NAT, a load balancer) share one endpoint: sessionAffinity: None spreads them',
    ),
  ];
}

function hints({ situation: { wanted, view } }: Trip, { route }: Claim): readonly Finding[] {
  const ready = (wanted?.cluster.slices ?? [])
    .filter(
      (slice) =>
        slice.namespace === route.namespace &&
        slice.serviceName === route.service &&
        slice.family === view.family,
    )
    .flatMap((slice) => slice.endpoints)
    .filter((endpoint) => endpoint.ready);
  const addresses = new Set(ready.map(({ address }) => address));
  const used = new Set(
    route.endpoints.cluster.filter((endpoint) => endpoint.ready).map(({ address }) => address),
  );
  const hinted = ready.some(({ zoneHints, nodeHints }) => zoneHints.length + nodeHints.length > 0);
  if (!hinted || used.size === 0 || used.size >= addresses.size) return [];
  const zone = view.zone === undefined ? '' : ` (${view.zone})`;
  const text = `topology hints keep it near: ${used.size} of ${counted(addresses.size, 'ready endpoint')} are for this node or its zone${zone}`;
  return [note('topologyHints', text, 'leave spec.trafficDistribution out to use all of them')];
}

function terminating(_: Trip, { route: { endpoints } }: Claim): readonly Finding[] {
  if (endpoints.reachable.length === 0 || endpoints.reachable.some(({ ready }) => ready)) return [];
  const text = `no endpoint is ready; ${counted(endpoints.reachable.length, 'terminating one')} that still serve take the traffic until they are gone`;
  return [note('terminating', text, 'look why no new pod becomes ready')];
}

function spareNodePorts(_: Trip, { kind, route }: Claim): readonly Finding[] {
  if (kind !== 'nodePort' || route.sourceRanges.length === 0) return [];
  const text =
    'loadBalancerSourceRanges do not apply to node ports: any client that reaches the node gets through';
  return [
    note('rangesSpareNodePort', text, 'set allocateLoadBalancerNodePorts: false, or filter on the node'),
  ];
}

/** Policy Local binds the outside only. */
function spareNode({ situation: { view, facts }, asker }: Trip, { kind, route }: Claim): readonly Finding[] {
  if (kind === 'clusterIP' || route.externalPolicy !== 'Local') return [];
  if (!isLocalPod(view, asker) && !isLocal(facts, asker.address)) return [];
  const text =
    'policy Local binds clients from outside: pods and the node itself are sent to endpoints anywhere';
  return [note('localPolicySparesNode', text)];
}
