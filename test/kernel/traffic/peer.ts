import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination, Tally } from './plan.ts';

/*
 * What runs in the namespaces of the traffic tests.
 *
 *     serve JSON          answers on the ports of the addresses, TCP and UDP, with the port's number
 *     ask JSON            asks all destinations, over and over, each time by a new connection
 *     hold JSON           opens a connection to each destination and keeps it busy
 *
 * `tally` on standard input has askers print how it went so far, `finish` when the questions under way have
 * been answered too, and no more are asked.
 */

const [role, plan = ''] = process.argv.slice(2);
/** Milliseconds between two questions to one destination. */
const PACE = 10;
/** Milliseconds after which a question counts as unanswered: far more than a busy machine takes. */
const PATIENCE = 8_000;

const tally: { asked: number; answered: number; failures: Record<string, number> } = {
  asked: 0,
  answered: 0,
  failures: {},
};
let isOver = false;

const fail = (why: string): void => {
  tally.failures[why] = (tally.failures[why] ?? 0) + 1;
};

function take({ name, answer }: Destination, found: string | Error): void {
  if (found === answer) tally.answered += 1;
  else fail(`${name}: ${found instanceof Error ? found.message : `answered by ${found}`}`);
}

function serve(address: string, port: number): void {
  createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => socket.write(String(port)));
  }).listen(port, address);
  const socket = createSocket('udp4');
  socket.on('message', (_, from) => socket.send(String(port), from.port, from.address));
  // Bound, since it would answer from whichever address the kernel prefers.
  socket.bind(port, address);
}

/** Ended by a reset, so that no port waits to be used again. */
function askTcp({ address, port }: Destination): Promise<string | Error> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (found: string | Error): void => {
      clearTimeout(timer);
      socket.resetAndDestroy();
      resolve(found);
    };
    const timer = setTimeout(() => end(new Error('no answer')), PATIENCE);
    socket.on('error', end);
    socket.on('data', (text) => end(String(text)));
    socket.write('?');
  });
}

function askUdp({ address, port }: Destination): Promise<string | Error> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (found: string | Error): void => {
      clearTimeout(timer);
      socket.close();
      resolve(found);
    };
    const timer = setTimeout(() => end(new Error('no answer')), PATIENCE);
    socket.on('error', end);
    socket.on('message', (text) => end(String(text)));
    socket.connect(port, address, () => socket.send('?'));
  });
}

async function ask(destination: Destination): Promise<void> {
  while (!isOver) {
    tally.asked += 1;
    const found = await (destination.protocol === 'udp' ? askUdp : askTcp)(destination);
    take(destination, found);
    await sleep(PACE);
  }
}

/** A connection that breaks is not made anew: it is lost, once and for good. */
function hold(destination: Destination): Promise<void> {
  const { address, port } = destination;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const socket = connect({ host: address, port });
  socket.setNoDelay(true);
  let patience: NodeJS.Timeout | undefined;
  const question = (): void => {
    if (isOver) {
      socket.removeAllListeners().destroy();
      resolve(undefined);
      return;
    }
    tally.asked += 1;
    patience = setTimeout(() => socket.destroy(new Error('silent')), PATIENCE);
    socket.write('?');
  };
  socket.on('connect', question);
  socket.on('data', (text) => {
    clearTimeout(patience);
    take(destination, String(text));
    setTimeout(question, PACE);
  });
  socket.on('error', (error) => take(destination, error));
  socket.on('close', () => {
    clearTimeout(patience);
    fail(`${destination.name}: closed`);
    resolve(undefined);
  });
  return promise;
}

const work: Promise<void>[] = [];
if (role === 'serve') {
  const { addresses, ports } = JSON.parse(plan) as { addresses: readonly string[]; ports: readonly number[] };
  for (const address of addresses) for (const port of ports) serve(address, port);
} else {
  const destinations = JSON.parse(plan) as readonly Destination[];
  work.push(...destinations.map(role === 'hold' ? hold : ask));
}

const report = (): boolean => process.stdout.write(`${JSON.stringify(tally satisfies Tally)}\n`);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'finish') isOver = true;
    void (line === 'finish' ? Promise.all(work) : Promise.resolve()).then(report);
  })
  // With whoever started it.
  .on('close', () => process.exit());
