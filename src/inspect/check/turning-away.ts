import { cidrContains, type Address, type Cidr } from '../../net/address.ts';
import type { NodeView } from '../../routing/node-view.ts';
import { isLocal, type NodeFacts } from '../facts.ts';
import type { Packet } from '../packet.ts';
import type { Claim, Claims } from './claims.ts';
import { isFirewalled, turningAway } from './promise.ts';

/** All that decides what must become of packets in one family, rules apart. */
export interface Intent {
  readonly view: NodeView;
  readonly claims: Claims;
}

/** Where a packet is on its way to, once it is known whether it goes to an endpoint. */
export interface Waypoint {
  readonly address: Address;
  readonly port: number;
  /** Its connection was sent there instead of elsewhere. */
  readonly dnat: boolean;
  /** It carries the mark that asks for masquerading. */
  readonly marked: boolean;
}

export type Verdict =
  | 'refused'
  | 'dropped'
  /** A rule says so. */
  | 'accepted'
  /** No rule says anything: the policy of the chain decides. */
  | 'passes';

interface Passage extends Intent {
  readonly packet: Packet;
  readonly waypoint: Waypoint;
  readonly isToNode: boolean;
}

/** What one of the proxy's jumps has to say; nothing in most cases, two things where claims conflict. */
type Stage = (passage: Passage) => readonly Verdict[];

/**
 * What the service proxy has to say of a packet that is about to enter, cross or leave the node. More than
 * one answer where claims conflict.
 *
 * Source: iptablesJumpChains and the filter rules of syncProxyRules, in pkg/proxy/iptables/proxier.go.
 */
export function verdictsAt(
  packet: Packet,
  waypoint: Waypoint,
  intent: Intent,
  facts: NodeFacts,
): readonly Verdict[] {
  const isToNode = isLocal(facts, waypoint.address);
  const passage = { ...intent, packet, waypoint, isToNode };
  for (const stage of stagesOf(packet, isToNode)) {
    const verdicts = stage(passage);
    if (verdicts.length > 0) return verdicts;
  }
  return ['passes'];
}

function stagesOf({ inInterface }: Packet, isToNode: boolean): readonly Stage[] {
  if (inInterface !== undefined) return isToNode ? INPUT : FORWARD;
  // What the node sends to itself comes in again by loopback.
  return isToNode ? OUTPUT_AND_INPUT : OUTPUT;
}

const firewall: Stage = ({ packet, waypoint, claims }) =>
  isNew(packet) && claimsAt(packet, waypoint, claims).some(({ route, kind }) => isFirewalled(route, kind))
    ? ['dropped']
    : [];

const healthChecks: Stage = ({ packet: { protocol }, waypoint: { port }, claims }) =>
  protocol === 'tcp' && claims.isHealthCheckPort(port) ? ['accepted'] : [];

const clusterIPs: Stage = ({ packet, waypoint, claims }) =>
  isNew(packet)
    ? refusals(claimsAt(packet, waypoint, claims).filter(({ kind }) => kind === 'clusterIP'))
    : [];

const externalEntries: Stage = ({ packet, waypoint, claims, isToNode }) =>
  isNew(packet)
    ? refusals([
        ...claimsAt(packet, waypoint, claims).filter(({ kind }) => kind !== 'clusterIP'),
        ...(isToNode ? claims.atNodePort(packet.protocol, waypoint.port) : []),
      ])
    : [];

/** What is masqueraded goes through even where the FORWARD policy is to drop, and so do answers. */
const forwarding: Stage = ({ packet: { state }, waypoint: { marked }, view }) => {
  if (state === 'INVALID' && view.dropInvalid) return ['dropped'];
  return marked || state === 'RELATED' || state === 'ESTABLISHED' ? ['accepted'] : [];
};

/** route_localnet must not let neighbours reach what is bound to 127.0.0.1. */
const localnetGuard: Stage = ({ packet: { source, state }, waypoint: { address, dnat }, view }) => {
  if (!view.localhostNodePorts || dnat || state === 'RELATED' || state === 'ESTABLISHED') return [];
  return cidrContains(LOOPBACK_NET, address) && !cidrContains(LOOPBACK_NET, source) ? ['dropped'] : [];
};

const LOOPBACK_NET = '127.0.0.0/8' as Cidr;

const INPUT: readonly Stage[] = [localnetGuard, firewall, healthChecks, externalEntries];
const FORWARD: readonly Stage[] = [firewall, forwarding, clusterIPs, externalEntries];
const OUTPUT: readonly Stage[] = [localnetGuard, firewall, clusterIPs];
const OUTPUT_AND_INPUT: readonly Stage[] = [...OUTPUT, ...INPUT];

function claimsAt({ protocol }: Packet, { address, port }: Waypoint, claims: Claims): readonly Claim[] {
  return claims.atAddress(protocol, address, port);
}

function refusals(claims: readonly Claim[]): readonly Verdict[] {
  const verdicts = claims
    .map(({ route, kind }) => turningAway(route, kind))
    .filter((verdict) => verdict !== undefined);
  return [...new Set(verdicts)];
}

export function isNew({ state = 'NEW' }: Pick<Packet, 'state'>): boolean {
  return state === 'NEW';
}
