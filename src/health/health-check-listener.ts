import type { Server } from 'node:http';
import type { Address, Family } from '../net/address.ts';
import { closeServer } from './http/close.ts';
import { createHardenedServer, type OnFault } from './http/hardened-server.ts';
import { listen } from './http/listen.ts';
import type { Routes } from './http/routes.ts';

/** The addresses of one family to listen on; 'all' is every one the node has or gets. */
export type ListenAddresses = 'all' | readonly Address[];

/** One port, open on all its addresses. */
export interface HealthCheckListener {
  readonly port: number;
  readonly addresses: ListenAddresses;
  readonly close: () => Promise<void>;
}

export interface ListenerOptions {
  readonly family: Family;
  readonly port: number;
  readonly addresses: ListenAddresses;
  readonly routes: Routes;
  readonly onFault: OnFault;
}

/**
 * Opens the port on all addresses, or on none.
 *
 * @throws Error that names the first address that could not be had
 */
export async function openListener(options: ListenerOptions): Promise<HealthCheckListener> {
  const { family, port, addresses, routes, onFault } = options;
  const servers: Server[] = [];
  // Load balancers ask again soon; an answer under way is not waited for.
  const close = async () => {
    await Promise.all(servers.map((server) => closeServer(server, 0)));
  };
  try {
    for (const address of addresses === 'all' ? [unspecified(family)] : addresses) {
      const server = createHardenedServer(routes, onFault);
      await listen(server, { address, port }, 'ownFamily');
      servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { port, addresses, close };
}

export function sameAddresses(a: ListenAddresses, b: ListenAddresses): boolean {
  if (a === 'all' || b === 'all') return a === b;
  return a.length === b.length && a.every((address, index) => address === b[index]);
}

function unspecified(family: Family): Address {
  return (family === 'ipv4' ? '0.0.0.0' : '::') as Address;
}
