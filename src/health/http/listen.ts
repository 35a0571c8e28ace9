import { once } from 'node:events';
import type { Server } from 'node:http';
import type { HostPort } from '../../config/host-port.ts';
import { isUnspecified, joinHostPort, type Address } from '../../net/address.ts';

/** Whether an unspecified address stands for the addresses of both families, as it does in Go, or of its own. */
export type Reach = 'bothFamilies' | 'ownFamily';

/**
 * @returns the port, which the kernel chose where 0 was asked for
 * @throws Error that names the address and says why nobody can listen there
 */
export async function listen(server: Server, at: HostPort, reach: Reach): Promise<number> {
  try {
    await listenOnFirst(server, hostsOf(at.address, reach), at.port, reach);
  } catch (cause) {
    throw new Error(`cannot listen on ${joinHostPort(at.address, at.port)}: ${reasonOf(cause)}`, { cause });
  }
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : at.port;
}

/** A kernel without IPv6 has no socket for both families; then IPv4 is all there is. */
function hostsOf(address: Address, reach: Reach): readonly string[] {
  const both = reach === 'bothFamilies' && isUnspecified(address);
  if (!both) return [address];
  return address === '0.0.0.0' ? ['::', '0.0.0.0'] : ['::'];
}

async function listenOnFirst(
  server: Server,
  [host, ...others]: readonly string[],
  port: number,
  reach: Reach,
): Promise<void> {
  try {
    server.listen({ host, port, ipv6Only: reach === 'ownFamily' });
    await once(server, 'listening');
  } catch (error) {
    if (others.length === 0 || codeOf(error) !== 'EAFNOSUPPORT') throw error;
    await listenOnFirst(server, others, port, reach);
  }
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const reason = code === undefined ? undefined : REASONS[code];
  if (reason !== undefined) return `${reason} (${String(code)})`;
  return error instanceof Error ? error.message : String(error);
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this node does not have the address',
  EACCES: 'not permitted',
  EAFNOSUPPORT: 'the kernel does not know this address family',
};

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
