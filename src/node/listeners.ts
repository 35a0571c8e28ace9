import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Listener } from '../model/listener.ts';
import { isEphemeral, readEphemeralPorts } from './ephemeral-ports.ts';
import { parseInetSocket, parseSctpEndpoint, type ProcSocket } from './proc-sockets.ts';
import { socketOwners, socketsHeldBy } from './socket-owner.ts';

/**
 * Who of the host listens on these ports. Sockets of this process do not count, nor do UDP sockets on
 * ephemeral ports: who sends without listening has one too, and nothing tells them apart. In the order
 * of ports.
 *
 * @param root where /proc is found, `/` but in tests
 */
export async function listeners(ports: ReadonlySet<number>, root = '/'): Promise<readonly Listener[]> {
  if (ports.size === 0) return [];
  const [tcp, tcp6, udp, udp6, sctp, ephemeral] = await Promise.all([
    tcpListeners(join(root, 'proc/net/tcp')),
    tcpListeners(join(root, 'proc/net/tcp6')),
    udpSockets(join(root, 'proc/net/udp')),
    udpSockets(join(root, 'proc/net/udp6')),
    sctpEndpoints(join(root, 'proc/net/sctp/eps')),
    readEphemeralPorts(root),
  ]);
  const mayBeOutgoing = ({ protocol, port }: ProcSocket): boolean =>
    protocol === 'udp' && ephemeral !== undefined && isEphemeral(ephemeral, port);
  const found = [...tcp, ...tcp6, ...udp, ...udp6, ...sctp]
    .filter(({ listening, port }) => listening && ports.has(port))
    .filter((socket) => !mayBeOutgoing(socket));
  if (found.length === 0) return [];

  const own = new Set(await socketsHeldBy('self', root));
  const others = found.filter(({ inode }) => !own.has(inode));
  const owners = await socketOwners(new Set(others.map(({ inode }) => inode)), root);
  return others
    .sort((a, b) => a.port - b.port)
    .map(({ protocol, address, port, inode }) => ({ protocol, address, port, owner: owners.get(inode) }));
}

/** The kernel names listening sockets first, and there may be a hundred thousand others behind them. */
async function tcpListeners(file: string): Promise<readonly ProcSocket[]> {
  const sockets: ProcSocket[] = [];
  for await (const line of linesOf(file)) {
    const socket = parseInetSocket(line, 'tcp');
    if (socket === undefined) continue;
    if (!socket.listening) break;
    sockets.push(socket);
  }
  return sockets;
}

async function udpSockets(file: string): Promise<readonly ProcSocket[]> {
  const sockets: ProcSocket[] = [];
  for await (const line of linesOf(file)) {
    const socket = parseInetSocket(line, 'udp');
    if (socket !== undefined) sockets.push(socket);
  }
  return sockets;
}

async function sctpEndpoints(file: string): Promise<readonly ProcSocket[]> {
  const sockets: ProcSocket[] = [];
  for await (const line of linesOf(file)) sockets.push(...parseSctpEndpoint(line));
  return sockets;
}

/** Of a file that need not be there: a kernel without IPv6 or SCTP has no sockets of it. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, 'latin1');
  try {
    yield* createInterface({ input: stream });
  } catch {
    return;
  } finally {
    stream.destroy();
  }
}
