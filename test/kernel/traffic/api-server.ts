import { readFileSync, watchFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeServer } from '../../api/fake-server.ts';
import { keyOf, type ApiObject, type Plural } from '../../api/fake-store.ts';

/*
 * An API server for the loopback of a node's namespace. It serves the objects of DIRECTORY/cluster.json,
 * follows the file, and writes DIRECTORY/kubeconfig.
 *
 *     node api-server.ts DIRECTORY
 */

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
const authority = Buffer.from(server.authority.cert).toString('base64');
writeFileSync(
  join(directory, 'kubeconfig'),
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': authority } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }),
);
process.stdout.write('ready\n');
// With whoever started it.
process.stdin.resume().on('end', () => process.exit());
