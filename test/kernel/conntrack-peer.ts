import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/*
 * What runs in the namespaces of the conntrack tests.
 *
 *     serve udp|tcp ADDRESS PORT NAME        answers everything with its name and whom it sees
 *     ask udp|tcp ADDRESS PORT LOCALPORT     sends for each line of standard input, prints the answer; `anew`
 *                                            has it send from another port (UDP)
 *
 * A TCP asker keeps its connection; where that was reset, the next question makes a new one.
 */

const PATIENCE = 700;
const [role, protocol, address = '', portText, last = ''] = process.argv.slice(2);
const port = Number(portText);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const udpType = address.includes(':') ? 'udp6' : 'udp4';

if (role === 'serve' && protocol === 'udp') {
  const socket = createSocket(udpType);
  socket.on('message', (_, from) => {
    socket.send(`${last} sees ${from.address}`, from.port, from.address);
  });
  socket.bind(port, address, () => say('ready'));
} else if (role === 'serve') {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => socket.write(`${last} sees ${String(socket.remoteAddress)}`));
  });
  server.listen(port, address, () => say('ready'));
} else if (protocol === 'udp') {
  let socket = createSocket(udpType);
  socket.bind(Number(last), () => say('ready'));
  onQuestion((answer, line) => {
    if (line === 'anew') {
      socket.close();
      socket = createSocket(udpType);
    }
    const asked = socket;
    asked.once('message', (text) => answer(String(text)));
    asked.send('?', port, address);
    return () => asked.removeAllListeners('message');
  });
} else {
  let socket: Socket | undefined;
  say('ready');
  onQuestion((answer) => {
    socket ??= connect({ host: address, port });
    socket.removeAllListeners();
    socket.once('data', (text) => answer(String(text)));
    socket.once('error', () => {
      socket = undefined;
      answer('reset');
    });
    socket.write('?');
    return () => undefined;
  });
}

/** @param ask puts the question, and gives back what to do when nobody answers */
function onQuestion(ask: (answer: (text: string) => void, line: string) => () => unknown): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const timer = setTimeout(() => {
      giveUp();
      say('no answer');
    }, PATIENCE);
    const giveUp = ask((text) => {
      clearTimeout(timer);
      say(text);
    }, line);
  });
}

// With whoever started it.
process.stdin.resume().on('end', () => process.exit());
