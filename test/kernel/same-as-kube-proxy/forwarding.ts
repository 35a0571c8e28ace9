import { createServer, type Server, type Socket } from 'node:net';

/** A server that joins each connection to it with one made by `open`. */
export function forwardingServer(open: () => Socket): Server {
  return createServer((from) => {
    const to = open();
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
}
