import type { Listener } from '../model/listener.ts';
import type { Protocol } from '../model/objects.ts';
import {
  familyOf,
  isLoopback,
  isUnspecified,
  joinHostPort,
  type Address,
  type Family,
} from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';

/** A node port on which a process of the host listens: the service gets what was meant for that one. */
export interface TakenNodePort {
  readonly family: Family;
  readonly protocol: Protocol;
  readonly port: number;
  /** `namespace/name`, or `namespace/name:port`. */
  readonly service: string;
  readonly listener: Listener;
  /** `may`: a socket on `::` takes IPv4 too, unless it was told not to, which /proc does not show. */
  readonly certainty: 'sure' | 'may';
}

type NodePortRoute = Pick<Route, 'family' | 'protocol' | 'nodePort' | 'label'>;

/**
 * @param routes of either family or both
 * @param found sockets of other processes
 * @param nodeAddresses on which node ports answer, see `answeringAddresses`
 */
export function takenNodePorts(
  routes: Iterable<NodePortRoute>,
  found: readonly Listener[],
  nodeAddresses: readonly Address[],
): readonly TakenNodePort[] {
  const byPort = Map.groupBy(found, ({ protocol, port }) => `${protocol} ${port}`);
  if (byPort.size === 0) return [];
  const taken: TakenNodePort[] = [];
  for (const { family, protocol, nodePort, label } of routes) {
    const candidates = nodePort === undefined ? undefined : byPort.get(`${protocol} ${nodePort}`);
    if (nodePort === undefined || candidates === undefined) continue;
    const addresses = nodeAddresses.filter((address) => familyOf(address) === family);
    const meetings = candidates.map((listener) => ({
      listener,
      certainty: meets(listener, family, addresses),
    }));
    const isSure = meetings.some(({ certainty }) => certainty === 'sure');
    for (const { listener, certainty } of meetings) {
      // A process that has a socket for each family told the one on `::` to keep out of IPv4.
      if (certainty === 'never' || (certainty === 'may' && isSure)) continue;
      taken.push({ family, protocol, port: nodePort, service: label, listener, certainty });
    }
  }
  return taken;
}

/** For an Event or a line of the log. */
export function describeTaken({ protocol, port, service, listener, certainty }: TakenNodePort): string {
  const { address, owner } = listener;
  const who = owner === undefined ? 'another process' : `${owner.command} (process ${owner.pid})`;
  const socket = joinHostPort(address, port);
  const verb = certainty === 'sure' ? 'gets' : 'may get';
  return `node port ${port}/${protocol} of ${service} ${verb} what is meant for ${who}, which listens on ${socket}`;
}

/** The node's addresses on which node ports answer. */
export function answeringAddresses(
  { family, nodePorts }: Pick<NodeView, 'family' | 'nodePorts'>,
  interfaceAddresses: readonly Address[],
): readonly Address[] {
  if (nodePorts.kind === 'addresses') return nodePorts.addresses;
  return interfaceAddresses
    .filter((address) => familyOf(address) === family)
    .filter((address) => nodePorts.loopback || !isLoopback(address));
}

function meets(
  { address }: Listener,
  family: Family,
  answering: readonly Address[],
): TakenNodePort['certainty'] | 'never' {
  if (answering.length === 0) return 'never';
  if (isUnspecified(address)) {
    if (familyOf(address) === family) return 'sure';
    return familyOf(address) === 'ipv6' ? 'may' : 'never';
  }
  return answering.includes(address) ? 'sure' : 'never';
}
