import { isLoopback, type Address } from '../../net/address.ts';
import type { NodeView } from '../../routing/node-view.ts';
import type { Endpoint } from '../../routing/route.ts';
import { isLocal, type NodeFacts } from '../facts.ts';
import type { Packet } from '../packet.ts';
import type { Claim } from './claims.ts';
import type { Expectation, ExpectedFate } from './expectation.ts';
import { dealingOf, type Asker, type Dealing } from './promise.ts';
import { isNew, verdictsAt, type Intent, type Verdict, type Waypoint } from './turning-away.ts';

/**
 * What must become of a packet, worked out from the routes and the node alone, so that rules of whatever
 * layout can be held against it. More than one answer where services claim the same address and port:
 * then any of them is right.
 */
export function expectationsOf(packet: Packet, intent: Intent, facts: NodeFacts): readonly Expectation[] {
  const asker = askerOf(packet, facts);
  const dealers = isNew(packet) ? dealersOf(packet, asker, intent, facts) : [];
  if (dealers.length === 0) return keepingDestination(packet, intent, facts);
  return dealers.map(({ claim, dealing }) => ({
    by: claim,
    fates: dealing.endpoints.map((endpoint) => arrival(packet, endpoint, dealing, intent, facts)),
  }));
}

function askerOf({ source, inInterface }: Packet, facts: NodeFacts): Asker {
  return { address: source, inInterface, isLocal: isLocal(facts, source) };
}

interface Dealer {
  readonly claim: Claim;
  readonly dealing: Dealing;
}

/** Node ports come after all addresses; a claim that deals nothing lets the others have the packet. */
function dealersOf(packet: Packet, asker: Asker, intent: Intent, facts: NodeFacts): readonly Dealer[] {
  const { protocol, destination, destinationPort } = packet;
  const { claims, view } = intent;
  const deal = (claim: Claim): readonly Dealer[] => {
    const dealing = dealingOf(claim.route, claim.kind, asker, view);
    return dealing === undefined ? [] : [{ claim, dealing }];
  };
  const atAddress = claims.atAddress(protocol, destination, destinationPort).flatMap(deal);
  if (atAddress.length > 0 || !answersNodePorts(view, destination, facts)) return atAddress;
  return claims.atNodePort(protocol, destinationPort).flatMap(deal);
}

/** Source: the end of syncProxyRules in pkg/proxy/iptables/proxier.go. */
export function answersNodePorts({ nodePorts }: NodeView, address: Address, facts: NodeFacts): boolean {
  if (nodePorts.kind === 'addresses') return nodePorts.addresses.includes(address);
  return isLocal(facts, address) && (nodePorts.loopback || !isLoopback(address));
}

/** A packet that was sent to an endpoint; the filter table may still have something against that one. */
function arrival(
  packet: Packet,
  endpoint: Endpoint,
  { masquerade, endpoints }: Dealing,
  intent: Intent,
  facts: NodeFacts,
): ExpectedFate {
  const marked = masquerade || endpoint.address === packet.source || isMarked(packet, intent.view);
  const waypoint = { address: endpoint.address, port: endpoint.port, dnat: true, marked };
  const [verdict = 'passes'] = verdictsAt(packet, waypoint, intent, facts);
  return ending(verdict, 1 / endpoints.length, packet, waypoint, facts);
}

function keepingDestination(packet: Packet, intent: Intent, facts: NodeFacts): readonly Expectation[] {
  const { protocol, destination, destinationPort } = packet;
  const waypoint: Waypoint = {
    address: destination,
    port: destinationPort,
    dnat: packet.dnat ?? false,
    marked: isMarked(packet, intent.view),
  };
  const [by] = [
    ...intent.claims.atAddress(protocol, destination, destinationPort),
    ...(isLocal(facts, destination) ? intent.claims.atNodePort(protocol, destinationPort) : []),
  ];
  return verdictsAt(packet, waypoint, intent, facts).map((verdict) => ({
    by,
    fates: [ending(verdict, 1, packet, waypoint, facts)],
  }));
}

function isMarked({ mark = 0 }: Packet, { masqueradeMark }: NodeView): boolean {
  return (mark & masqueradeMark) >>> 0 === masqueradeMark;
}

function ending(
  verdict: Verdict,
  share: number,
  packet: Packet,
  { address, port, dnat, marked }: Waypoint,
  facts: NodeFacts,
): ExpectedFate {
  if (verdict === 'refused' || verdict === 'dropped') return { kind: verdict, share };
  const translated = isNew(packet);
  // What ends on the node itself never passes POSTROUTING, where sources are rewritten.
  const passesOut = packet.inInterface === undefined || !isLocal(facts, address);
  return {
    kind: 'delivered',
    share,
    address,
    port,
    dnat: translated && dnat,
    masqueraded: translated && marked && passesOut,
    accepted: verdict === 'accepted',
  };
}
