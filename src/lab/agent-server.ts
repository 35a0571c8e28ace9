import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { isIPv6 } from 'node:net';
import { joinHostPort } from '../net/address.ts';
import type { Greeting, Listener } from './protocol.ts';

/**
 * Answers every request with who answers and who asked. Returns once it listens.
 *
 * @throws Error where the port is taken or the address is not this namespace's
 */
export async function serve(listener: Listener): Promise<void> {
  if (listener.protocol === 'tcp') await serveHttp(listener);
  else await serveDatagrams(listener);
}

async function serveHttp(listener: Listener): Promise<void> {
  const server = createServer((request, response) => {
    const { remoteAddress = '', remotePort = 0 } = request.socket;
    response.setHeader('content-type', 'application/json');
    response.end(greeting(listener, remoteAddress, remotePort));
  });
  server.listen({ host: listener.address, port: listener.port, ipv6Only: true });
  await once(server, 'listening');
}

async function serveDatagrams(listener: Listener): Promise<void> {
  const socket = createSocket({ type: isIPv6(listener.address) ? 'udp6' : 'udp4' });
  socket.on('message', (_message, { address, port }) => {
    // An asker that went away is no reason to stop.
    socket.send(greeting(listener, address, port), port, address, () => undefined);
  });
  socket.bind(listener.port, listener.address);
  await once(socket, 'listening');
  socket.on('error', () => undefined);
}

function greeting({ address, port }: Listener, clientAddress: string, clientPort: number): string {
  const said: Greeting = { endpoint: joinHostPort(address, port), clientAddress, clientPort };
  return JSON.stringify(said);
}
