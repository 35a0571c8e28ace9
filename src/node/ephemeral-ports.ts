import type { Route } from '../routing/route.ts';
import { readText } from './kernel-setting.ts';
import { formatPortRanges, inRange, parsePortRanges, type PortRange } from './port-ranges.ts';

/** From which the kernel takes a port for a connection that does not ask for one. */
export interface EphemeralPorts {
  readonly range: PortRange;
  /** It leaves these alone. */
  readonly reserved: readonly PortRange[];
}

/** Node ports that the kernel may also give to outgoing connections of the node. */
export interface EphemeralConflict {
  /** In ascending order. */
  readonly ports: readonly number[];
  /** For sysctl.conf, or behind `sysctl -w`: mends it, and keeps what is reserved already. */
  readonly sysctl: string;
}

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
const RESERVED = '/proc/sys/net/ipv4/ip_local_reserved_ports';

/** IPv6 goes by the same two. @returns undefined where the kernel does not tell */
export async function readEphemeralPorts(root = '/'): Promise<EphemeralPorts | undefined> {
  const [, first, last] = /^(\d+)\s+(\d+)$/.exec((await readText(root, RANGE)) ?? '') ?? [];
  if (first === undefined || last === undefined) return undefined;
  const reserved = parsePortRanges((await readText(root, RESERVED)) ?? '');
  return { range: { first: Number(first), last: Number(last) }, reserved };
}

export function isEphemeral({ range, reserved }: EphemeralPorts, port: number): boolean {
  return inRange(range, port) && !reserved.some((kept) => inRange(kept, port));
}

/**
 * Answers to an outgoing connection whose own port is a node port are taken for requests to the service,
 * and the connection breaks, once in thousands and for no reason that anybody can see
 * (kubernetes/kubernetes#111682).
 *
 * @returns undefined where there is no conflict
 */
export function ephemeralRangeConflicts(
  routes: Iterable<Pick<Route, 'nodePort' | 'healthCheckNodePort'>>,
  ephemeral: EphemeralPorts,
): EphemeralConflict | undefined {
  const conflicts = new Set<number>();
  for (const { nodePort, healthCheckNodePort } of routes) {
    for (const port of [nodePort, healthCheckNodePort]) {
      if (port !== undefined && isEphemeral(ephemeral, port)) conflicts.add(port);
    }
  }
  if (conflicts.size === 0) return undefined;
  const ports = [...conflicts].sort((a, b) => a - b);
  const reserved = [...ephemeral.reserved, ...ports.map((port) => ({ first: port, last: port }))];
  return { ports, sysctl: `net.ipv4.ip_local_reserved_ports=${formatPortRanges(reserved)}` };
}
