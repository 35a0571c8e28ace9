import { readFileSync, watchFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FakeServer, type Fault } from '../../api/fake-server.ts';
import { keyOf, type ApiObject, type Plural } from '../../api/fake-store.ts';
import { kubeconfigOf } from '../../support/kubeconfig.ts';

/*
 * An API server for the loopback of a node's namespace. It serves the objects of DIRECTORY/cluster.json,
 * follows the file, and writes DIRECTORY/kubeconfig. Each line of standard input is a misdeed, see `ApiMisdeed`.
 *
 *     node api-server.ts DIRECTORY
 */

/** What an API server may do to those who follow it; all but the first and the last have its watches end. */
export type ApiMisdeed =
  | { readonly do: 'stop' | 'startAgain' | 'mend' }
  | { readonly do: 'endWatches'; readonly how: 'end' | 'reset' | 'mute' }
  /** Versions that are known are so no more. */
  | { readonly do: 'forget' }
  | { readonly do: 'answerWrongly'; readonly fault: Fault };

const PLURALS: Readonly<Record<string, Plural>> = {
  Service: 'services',
  EndpointSlice: 'endpointslices',
  Node: 'nodes',
};

const [directory = ''] = process.argv.slice(2);
const file = join(directory, 'cluster.json');
const server = await FakeServer.start();
const told = new Map<string, string>();

function load(): void {
  const { items } = JSON.parse(readFileSync(file, 'utf8')) as {
    items: readonly (ApiObject & { kind: string })[];
  };
  for (const object of items) {
    const plural = PLURALS[object.kind];
    if (plural === undefined) throw new Error(`nobody serves a ${object.kind}`);
    const key = `${plural} ${keyOf(object.metadata)}`;
    const text = JSON.stringify(object);
    if (told.get(key) !== text) server.apply(plural, object);
    told.set(key, text);
  }
}

load();
watchFile(file, { interval: 50 }, load);
writeFileSync(
  join(directory, 'kubeconfig'),
  kubeconfigOf({ server: server.url, authority: server.authority.cert }),
);

async function misbehave(misdeed: ApiMisdeed): Promise<void> {
  switch (misdeed.do) {
    case 'stop':
      await server.stop();
      break;
    case 'startAgain':
      await server.startAgain();
      break;
    case 'endWatches':
      server.endWatches(misdeed.how);
      break;
    case 'forget':
      server.store.compact();
      server.endWatches('reset');
      break;
    case 'answerWrongly':
      server.faults.push(misdeed.fault);
      server.endWatches('reset');
      break;
    case 'mend':
      server.faults.length = 0;
      break;
  }
}

const say = (word: string): boolean => process.stdout.write(`${word}\n`);
createInterface({ input: process.stdin })
  .on('line', (line) => void misbehave(JSON.parse(line) as ApiMisdeed).then(() => say('done')))
  // With whoever started it.
  .on('close', () => process.exit());
say('ready');
