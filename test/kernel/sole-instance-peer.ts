import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { soleInstance } from '../../src/daemon/sole-instance.ts';

/*
 * What runs in the namespace of the tests of sole instances.
 *
 *     begin PATIENCE    begins as an instance does, and says `begun` when it may
 *     hang-up           holds the name, and ends each connection at once; to `count` it tells how many there were
 *     crowd NUMBER      makes so many connections, and says `ended` for each that is ended by the other side
 */

const NAME = '\0chainwright-run';
const [role, number] = process.argv.slice(2);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const input = createInterface({ input: process.stdin }).on('close', () => process.exit());
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

switch (role ?? '') {
  case 'begin':
    await soleInstance(
      { log: silent, postEvent: () => undefined, patience: Number(number) },
      new AbortController().signal,
    );
    say('begun');
    break;
  case 'hang-up': {
    let count = 0;
    createServer((socket) => {
      count += 1;
      socket.destroy();
    }).listen(NAME, () => say('holding'));
    input.on('line', () => say(String(count)));
    break;
  }
  case 'crowd':
    for (let made = 0; made < Number(number); made += 1)
      connect(NAME)
        .on('error', () => undefined)
        .on('close', () => say('ended'));
    break;
  default:
    throw new Error(`no role: ${role ?? ''}`);
}
