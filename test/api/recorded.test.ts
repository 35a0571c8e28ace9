import { get } from 'node:https';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeServer } from './fake-server.ts';
import { makeStore, type ApiObject, type Plural } from './fake-store.ts';

/* The fake server is worth what it has in common with a real one: its answers are held against recorded ones. */

interface Recorded {
  readonly path: string;
  readonly status: number;
  readonly headers: readonly string[];
  readonly length: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

function recorded(name: string): Recorded {
  const content = readFileSync(new URL(`../data/apiserver/${name}.http`, import.meta.url), 'utf8');
  const [request = '', head = '', ...body] = content.split(/\r?\n\r?\n/);
  const [status = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return {
    path: request.replace('GET ', '').trim(),
    status: Number(status.split(' ')[1]),
    headers: [...headers.keys()],
    length: headers.get('Content-Length'),
    retryAfter: headers.get('Retry-After'),
    body: body.join('\n\n'),
  };
}

function itemsOf(name: string): readonly ApiObject[] {
  return (JSON.parse(recorded(name).body) as { items: ApiObject[] }).items;
}

function eventsOf(name: string): readonly { type: string; object: ApiObject }[] {
  const lines = recorded(name).body.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as { type: string; object: ApiObject });
}

let server: FakeServer | undefined;
afterEach(() => server?.stop());

async function serverAt(version: number): Promise<FakeServer> {
  server = await FakeServer.start({ store: makeStore(1) });
  server.store.turnBack(version);
  return server;
}

/** Puts objects in with the versions that they say. */
function put(into: FakeServer, plural: Plural, objects: readonly ApiObject[], version: number): void {
  for (const object of objects) into.apply(plural, object, Number(object.metadata.resourceVersion));
  into.store.turnBack(version);
}

interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly length: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

function ask(from: FakeServer, path: string, during?: () => Promise<void>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(`${from.url}${path}`);
    get(url, { ca: from.authority.cert, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (chunk: Buffer) => parts.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.rawHeaders.filter((_, index) => index % 2 === 0),
          length: response.headers['content-length'],
          retryAfter: response.headers['retry-after'],
          body: Buffer.concat(parts).toString('utf8'),
        });
      });
      if (during !== undefined) void during();
    }).on('error', reject);
  });
}

async function expectRecorded(from: FakeServer, name: string, during?: () => Promise<void>): Promise<void> {
  const { path, ...expected } = recorded(name);
  const got = await ask(from, path, during);
  // The recording's requests are of a client that got answers of every length in chunks or not, as ours does;
  // only the order and the spelling of headers, and the bytes of the body, are the server's.
  expect(got.headers).toEqual(expected.headers);
  expect({ ...got, headers: [], body: got.body.trim() }).toEqual({
    ...expected,
    headers: [],
    body: expected.body.trim(),
  });
}

describe('the fake API server answers as the recorded one', () => {
  it('lists services, leaving out those of other proxies and headless ones', async () => {
    const fake = await serverAt(1);
    put(fake, 'services', itemsOf('list-services'), 31063);
    await expectRecorded(fake, 'list-services');
  });

  it('lists services in pages', async () => {
    const fake = await serverAt(1);
    put(fake, 'services', [...itemsOf('list-services-page-1'), ...itemsOf('list-services-page-2')], 31063);
    await expectRecorded(fake, 'list-services-page-1');
    await expectRecorded(fake, 'list-services-page-2');
  });

  it('lists endpoint slices', async () => {
    const fake = await serverAt(1);
    put(fake, 'endpointslices', itemsOf('list-endpointslices'), 31074);
    await expectRecorded(fake, 'list-endpointslices');
  });

  it('gets a node, or says that there is none', async () => {
    const fake = await serverAt(1);
    put(fake, 'nodes', [JSON.parse(recorded('get-node').body) as ApiObject], 30343);
    await expectRecorded(fake, 'get-node');
    await expectRecorded(fake, 'get-missing-node');
  });

  it('refuses a version of the future', async () => {
    await expectRecorded(await serverAt(31074), 'list-future-resource-version');
  });

  it('refuses a client without credentials', async () => {
    const fake = await serverAt(1);
    fake.tokens = new Set(['secret']);
    await expectRecorded(fake, 'list-unauthorized');
  });

  it('tells a watch that its version is forgotten', async () => {
    await expectRecorded(await serverAt(30290), 'watch-expired');
  });

  it('watches services: one comes, changes, two go, bookmarks', async () => {
    const fake = await serverAt(1);
    put(fake, 'services', itemsOf('list-services'), 31063);
    const [added, modified, labelled, removed] = eventsOf('watch-services').map(({ object }) => object);
    if (!added || !modified || !labelled || !removed) throw new Error('recording');
    await expectRecorded(fake, 'watch-services', async () => {
      await sleep(20);
      fake.apply('services', added, 31066);
      fake.apply('services', modified, 31067);
      // It goes to another proxy, which makes it leave the selection.
      const labels = { ...labelled.metadata.labels, 'service.kubernetes.io/service-proxy-name': 'other' };
      fake.apply('services', { ...labelled, metadata: { ...labelled.metadata, labels } }, 31068);
      fake.remove('services', 'default/app-2', 31069);
      fake.bookmark();
      fake.bookmark();
      fake.endWatches('end');
    });
  });

  it('watches services, those that there are first', async () => {
    const fake = await serverAt(1);
    const objects = eventsOf('watch-services-initial-events').map(({ object }) => object);
    put(fake, 'services', objects.slice(0, -1), 31072);
    await expectRecorded(fake, 'watch-services-initial-events', async () => {
      await sleep(20);
      fake.endWatches('end');
    });
  });

  it('watches a node without a version', async () => {
    const fake = await serverAt(1);
    put(
      fake,
      'nodes',
      eventsOf('watch-node').map(({ object }) => object),
      30343,
    );
    await expectRecorded(fake, 'watch-node', async () => {
      await sleep(20);
      fake.endWatches('end');
    });
  });
});
