import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/* Sends one datagram from each of so many sockets to each address: `flow-sender.ts SOCKETS PORT ADDRESS…`. */

const [sockets = '', port = '', ...addresses] = process.argv.slice(2);

function send(socket: Socket, address: string): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.send('?', Number(port), address, (error) => (error === null ? resolve() : reject(error))),
  );
}

for (let count = 0; count < Number(sockets); count += 1) {
  const socket = createSocket('udp4');
  socket.bind();
  await once(socket, 'listening');
  for (const address of addresses) await send(socket, address);
  // Left open: a port that is free again could be used twice.
  socket.unref();
}
