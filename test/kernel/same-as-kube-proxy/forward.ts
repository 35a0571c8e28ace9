import { connect } from 'node:net';
import { forwardingServer } from './forwarding.ts';

/*
 * Leads connections from the loopback of a network namespace to a Unix socket, which belongs to none: so
 * that nodes in several namespaces have one API server.
 *
 *     node forward.ts PORT SOCKET
 */

const [port = '', socket = ''] = process.argv.slice(2);
forwardingServer(() => connect(socket)).listen(Number(port), '127.0.0.1', () =>
  process.stdout.write('ready\n'),
);
// With whoever started it.
process.stdin.resume().on('end', () => process.exit());
