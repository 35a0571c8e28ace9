import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeAuthority } from './certificates.ts';
import { FakeServer, type Misdeed, type Verb } from './fake-server.ts';
import { statusObject, tooLarge, tooOld, type Status } from './fake-answers.ts';
import type { Plural } from './fake-store.ts';
import { follow, IMPATIENT, writeKubeconfig, type Following, type FollowingOptions } from './following.ts';
import { labelled, node, service, slice } from './objects.ts';

let server: FakeServer;
let following: Following | undefined;

beforeEach(async () => {
  following = undefined;
  server = await FakeServer.start();
  for (const name of ['api', 'cart', 'web']) server.apply('services', service(name));
  server.apply('endpointslices', slice('web', ['10.244.1.1', '10.244.1.2']));
  server.apply('endpointslices', slice('cart', ['10.244.1.3']));
  server.apply('nodes', node('node-a'));
  server.apply('nodes', node('node-b'));
});

afterEach(async () => {
  await following?.stop();
  await server.stop();
});

async function start(options: FollowingOptions = {}): Promise<Following> {
  following = await follow(server, options);
  return following;
}

async function startSettled(options: FollowingOptions = {}): Promise<Following> {
  const started = await start(options);
  await started.settled();
  return started;
}

/** Lists, watches and streams of services so far. */
function counts(plural: Plural = 'services') {
  return {
    list: server.countOf('list', plural),
    watch: server.countOf('watch', plural),
    stream: server.countOf('stream', plural),
  };
}

/** The faults of services so far; the other kinds may have theirs in a slow test. */
function kinds({ faults }: Following): readonly string[] {
  return faults.filter(({ resource }) => resource === 'services').map(({ kind }) => kind);
}

function fault(on: Verb | 'any', misdeed: Misdeed, times = 1): void {
  server.faults.push({ on, resource: 'services', times, misdeed });
}

const status = (code: number, reason: string, retryAfter?: number): Misdeed => ({
  do: 'answer',
  status: { code, reason, message: `a made-up ${code}`, ...(retryAfter === undefined ? {} : { retryAfter }) },
});

const errorEvent = (of: Status): string => `${JSON.stringify({ type: 'ERROR', object: statusObject(of) })}\n`;

/** Something to see, so that a source that follows can be told from one that sleeps. */
async function changeAndSettle(followed: Following): Promise<void> {
  server.apply('services', service('web', { sessionAffinity: 'ClientIP' }));
  server.apply('services', service('late'));
  server.remove('services', 'shop/api');
  await followed.settled();
  expect(followed.known.get('service shop/web')).toMatchObject({ affinitySeconds: 10_800 });
  expect(followed.known.has('service shop/late')).toBe(true);
  expect(followed.known.has('service shop/api')).toBe(false);
}

describe('without faults', () => {
  it('knows all objects after one request for each kind, in one call each, and follows changes', async () => {
    const followed = await startSettled();
    expect(counts()).toEqual({ list: 0, watch: 0, stream: 1 });
    expect(followed.batches).toHaveLength(3);
    expect(followed.synced()).toBe(1);
    expect(followed.known.size).toBe(6);
    await changeAndSettle(followed);
    expect(server.requests).toHaveLength(3);
    expect(followed.faults).toEqual([]);
  });

  it('lists and watches where the server knows no WatchList', async () => {
    server.watchList = false;
    const followed = await startSettled();
    await changeAndSettle(followed);
    expect(counts()).toEqual({ list: 1, watch: 1, stream: 1 });
    expect(followed.batches.length).toBeGreaterThanOrEqual(3);
    expect(followed.synced()).toBe(1);
    const [list] = server.requests.filter(({ verb }) => verb === 'list');
    expect(list?.query.get('resourceVersion')).toBe('0');
  });

  it("asks as kube-proxy does: its selectors, bookmarks, an end at the server's leisure", async () => {
    await startSettled();
    const queryOf = (plural: Plural) =>
      server.requests.find((request) => request.plural === plural)?.query ?? new URLSearchParams();
    expect(queryOf('services').get('labelSelector')).toBe('!service.kubernetes.io/service-proxy-name');
    expect(queryOf('services').get('fieldSelector')).toBe('spec.clusterIP!=None');
    expect(queryOf('endpointslices').get('labelSelector')).toBe('!service.kubernetes.io/headless');
    expect(queryOf('nodes').get('fieldSelector')).toBe('metadata.name=node-a');
    for (const { query } of server.requests) {
      expect(query.get('allowWatchBookmarks')).toBe('true');
      expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
      expect(Number(query.get('timeoutSeconds'))).toBeLessThanOrEqual(600);
    }
  });

  it('sees nothing of headless services, of those that other proxies serve, and of other nodes', async () => {
    const followed = await startSettled();
    server.apply('services', service('headless', { clusterIP: 'None', clusterIPs: ['None'] }));
    server.apply(
      'services',
      labelled(service('web'), { 'service.kubernetes.io/service-proxy-name': 'other' }),
    );
    server.apply('nodes', node('node-b', 'zone-2'));
    await followed.settled();
    expect(followed.known.has('service shop/web')).toBe(false);
    expect(followed.known.has('service shop/headless')).toBe(false);
    expect(followed.known.has('node node-b')).toBe(false);
  });

  it('makes no change of an update that touches nothing we read', async () => {
    const followed = await startSettled();
    const before = followed.batches.length;
    server.apply('services', labelled(service('web'), { touched: 'yes' }));
    server.apply('nodes', { ...node('node-a'), heartbeat: 'now' });
    server.apply('services', service('marker'));
    await followed.settled();
    expect(followed.batches.slice(before)).toHaveLength(1);
  });

  it('watches on from the last bookmark when the server ends the watch', async () => {
    const followed = await startSettled();
    server.apply('nodes', node('node-b', 'zone-3'));
    server.bookmark('services');
    await sleep(50);
    server.endWatches('end', 'services');
    await changeAndSettle(followed);
    expect(counts()).toEqual({ list: 0, watch: 1, stream: 1 });
    const watch = server.requests.find(({ verb }) => verb === 'watch');
    expect(watch?.query.get('resourceVersion')).toBe(String(server.store.version() - 3));
    expect(followed.faults).toEqual([]);
  });

  it('keeps its connections', async () => {
    const followed = await startSettled();
    for (let round = 0; round < 5; round += 1) {
      server.apply('services', service(`round-${round}`));
      await followed.settled();
      server.endWatches('end');
      await followed.settled();
    }
    expect(server.connections).toBe(3);
  });

  it('stops at once when told to, and leaves no connection', async () => {
    const followed = await startSettled();
    const start = performance.now();
    await followed.stop();
    following = undefined;
    expect(performance.now() - start).toBeLessThan(100);
    await sleep(50);
    expect(server.watchCount()).toBe(0);
  });

  it('stops while it waits for the next try', async () => {
    server.faults.push({ on: 'any', times: 100, misdeed: status(500, 'InternalError') });
    const followed = await start({ timing: { pause: [5_000, 5_000] } });
    await sleep(50);
    const begin = performance.now();
    await followed.stop();
    following = undefined;
    expect(performance.now() - begin).toBeLessThan(100);
  });
});

describe('faults while the first objects come', () => {
  it('retries a server that is not there yet', async () => {
    await server.stop();
    const followed = await start();
    await sleep(300);
    expect(followed.synced()).toBe(0);
    expect(followed.known.size).toBe(0);
    await server.startAgain();
    await followed.settled();
    expect(followed.synced()).toBe(1);
    expect(followed.faults.length).toBeLessThan(40);
    expect(followed.infos.join()).toContain('followed again');
  });

  it('waits as long as a busy server asks (429 with Retry-After)', async () => {
    fault('stream', status(429, 'TooManyRequests', 1));
    const begin = performance.now();
    await startSettled();
    expect(performance.now() - begin).toBeGreaterThan(950);
    expect(counts()).toEqual({ list: 0, watch: 0, stream: 2 });
  });

  it('backs off from a server that fails (503 without Retry-After)', async () => {
    fault('stream', status(503, 'ServiceUnavailable'), 5);
    const followed = await startSettled();
    expect(counts()).toEqual({ list: 0, watch: 0, stream: 6 });
    const times = server.requests.filter(({ plural }) => plural === 'services').map(({ at }) => at);
    expect((times[5] ?? 0) - (times[4] ?? 0)).toBeGreaterThan(95);
    expect(followed.warnings.filter((line) => line.startsWith('services'))).toHaveLength(1);
  });

  it('goes on asking where it is forbidden (403), and says so', async () => {
    fault('stream', status(403, 'Forbidden'), 3);
    const followed = await startSettled();
    expect(counts()).toEqual({ list: 0, watch: 0, stream: 4 });
    expect(followed.warnings.join()).toContain('403 Forbidden');
  });

  it('goes on asking where there is no such thing (404)', async () => {
    fault('stream', status(404, 'NotFound'), 2);
    await startSettled();
    expect(counts()).toEqual({ list: 0, watch: 0, stream: 3 });
  });

  it('takes what a load balancer says for a fault (502 in HTML, 200 in HTML)', async () => {
    fault('stream', { do: 'proxyAnswer', code: 502, body: '<h1>Bad Gateway</h1>\n' });
    fault('stream', { do: 'proxyAnswer', code: 200, body: '<h1>Welcome</h1>\n' });
    fault('list', { do: 'proxyAnswer', code: 200, body: '<h1>Welcome</h1>\n' });
    const followed = await startSettled();
    expect(kinds(followed)).toEqual(['busy', 'garbled', 'garbled']);
    expect(counts()).toEqual({ list: 2, watch: 1, stream: 2 });
  });

  it('gives up a server that never answers, and lists instead', async () => {
    fault('stream', { do: 'hang' });
    const followed = await startSettled({ timing: IMPATIENT });
    expect(kinds(followed)).toEqual(['silent']);
    expect(counts()).toEqual({ list: 1, watch: 1, stream: 1 });
  });

  it('gives up initial objects that do not end, and lists instead', async () => {
    fault('stream', { do: 'silence' });
    await startSettled({ timing: IMPATIENT });
    expect(counts()).toEqual({ list: 1, watch: 1, stream: 1 });
  });

  it('gives up a list that never answers, and one that stops', async () => {
    server.watchList = false;
    fault('list', { do: 'hang' });
    fault('list', { do: 'silence' });
    const followed = await startSettled({ timing: IMPATIENT });
    expect(kinds(followed)).toEqual(['unsupported', 'silent', 'silent']);
    expect(counts()).toEqual({ list: 3, watch: 1, stream: 1 });
  });

  it('tells nothing of a list that breaks off', async () => {
    server.watchList = false;
    fault('list', { do: 'cut', after: 900, how: 'reset' });
    fault('list', { do: 'cut', after: 900, how: 'end' });
    fault('list', { do: 'cut', after: 40, how: 'end' });
    fault('list', { do: 'cut', after: 0, how: 'end' });
    const followed = await startSettled();
    expect(counts()).toEqual({ list: 5, watch: 1, stream: 1 });
    expect(followed.batches.filter(([change]) => change?.kind === 'service')).toHaveLength(1);
  });

  it('tells nothing of initial objects that break off', async () => {
    const first = JSON.stringify({ type: 'ADDED', object: { kind: 'Service', ...service('never') } });
    fault('stream', { do: 'say', text: `${first}\n`, then: 'reset' });
    fault('stream', { do: 'say', text: `${first}\n`, then: 'end' });
    const followed = await startSettled();
    expect(followed.batches.flat().map(({ key }) => key)).not.toContain('shop/never');
    expect(counts()).toEqual({ list: 1, watch: 1, stream: 2 });
  });

  it('reads lists in pages', async () => {
    server.watchList = false;
    server.pageAnyway = 2;
    await startSettled();
    expect(counts()).toEqual({ list: 2, watch: 1, stream: 1 });
  });

  it('lists anew, whole, when the server forgets the snapshot between two pages', async () => {
    server.watchList = false;
    server.pageAnyway = 2;
    fault('list', { do: 'say', text: '', then: 'goOn' });
    fault('list', status(410, 'Expired'));
    await startSettled();
    expect(counts()).toEqual({ list: 3, watch: 1, stream: 1 });
  });

  it('refuses to hold an object beyond all measure', async () => {
    server.watchList = false;
    const junk = labelled(service('web'), { junk: 'x'.repeat(50_000) });
    server.apply('services', junk);
    const followed = await start({ longest: 20_000 });
    await sleep(200);
    expect(followed.faults.filter(({ kind }) => kind === 'garbled').length).toBeGreaterThan(1);
    expect(counts().list).toBeLessThan(12);
    server.apply('services', service('web'));
    await followed.settled();
  });
});

describe('faults while it watches', () => {
  it('watches on from where it was when the connection breaks', async () => {
    const followed = await startSettled();
    server.endWatches('reset', 'services');
    await changeAndSettle(followed);
    expect(counts()).toEqual({ list: 0, watch: 1, stream: 1 });
  });

  it('survives a restart of the server', async () => {
    const followed = await startSettled();
    await server.stop();
    server.applyUnseen('services', service('meanwhile'));
    await sleep(300);
    expect(followed.known.size).toBe(6);
    await server.startAgain();
    await changeAndSettle(followed);
    expect(counts().list + counts().stream).toBe(1);
    expect(counts().watch).toBeLessThan(10);
  });

  it('gives up a watch that fell silent (half-open, or hung), and misses nothing', async () => {
    const followed = await startSettled({ timing: IMPATIENT });
    server.endWatches('mute', 'services');
    server.apply('services', service('meanwhile'));
    while (counts().watch === 0) await sleep(10);
    await followed.settled();
    expect(followed.known.has('service shop/meanwhile')).toBe(true);
    expect(followed.faults.find(({ resource }) => resource === 'services')?.kind).toBe('silent');
    expect(counts().list + counts().stream).toBe(1);
  });

  it('stays with a quiet watch as long as bookmarks come', async () => {
    const followed = await startSettled({ timing: IMPATIENT });
    for (let round = 0; round < 8; round += 1) {
      await sleep(IMPATIENT.idle / 4);
      server.bookmark();
    }
    expect(server.requests).toHaveLength(3);
    await changeAndSettle(followed);
  });

  it('lists anew when its version is forgotten (410 as an ERROR event, then the end)', async () => {
    server.watchList = false;
    const followed = await startSettled();
    fault('watch', status(503, 'ServiceUnavailable'), 2);
    server.applyUnseen('services', service('meanwhile'));
    server.store.compact();
    server.endWatches('end', 'services');
    await changeAndSettle(followed);
    expect(kinds(followed)).toEqual(['unsupported', 'busy', 'busy', 'expired']);
    expect(counts()).toEqual({ list: 2, watch: 5, stream: 1 });
  });

  it('lists anew from the store, not the cache, when its version is forgotten (410 as a status)', async () => {
    server.watchList = false;
    const followed = await startSettled();
    fault('watch', status(410, 'Expired'));
    server.endWatches('end', 'services');
    await changeAndSettle(followed);
    expect(counts()).toEqual({ list: 2, watch: 3, stream: 1 });
    const lists = server.requests.filter(({ verb, plural }) => verb === 'list' && plural === 'services');
    expect(lists.map(({ query }) => query.get('resourceVersion'))).toEqual(['0', null]);
  });

  it('streams anew after a 410 where the server knows WatchList, and tells only what changed', async () => {
    const followed = await startSettled();
    const before = followed.batches.length;
    fault('watch', status(410, 'Gone'));
    server.applyUnseen('services', service('meanwhile'));
    server.remove('services', 'shop/cart');
    server.endWatches('end', 'services');
    await followed.settled();
    expect(counts()).toEqual({ list: 0, watch: 1, stream: 2 });
    expect(
      followed.batches
        .slice(before)
        .flat()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['shop/cart', 'shop/meanwhile']);
  });

  it('lists anew at once when an ERROR event says 410 and the connection stays open', async () => {
    const followed = await startSettled();
    server.sayToWatches(errorEvent(tooOld(1, 30290)), 'services');
    await sleep(200);
    expect(counts()).toEqual({ list: 0, watch: 0, stream: 2 });
    await changeAndSettle(followed);
  });

  it('watches on after an ERROR event that says 500', async () => {
    const followed = await startSettled();
    server.sayToWatches(errorEvent({ code: 500, reason: 'InternalError', message: 'oops' }), 'services');
    await sleep(50);
    await changeAndSettle(followed);
    expect(counts()).toEqual({ list: 0, watch: 1, stream: 1 });
  });

  it('lists anew when the server says that our version is of the future', async () => {
    const followed = await startSettled();
    fault('watch', { do: 'answer', status: { ...tooLarge(2000, 1000), retryAfter: 0 } });
    server.endWatches('end', 'services');
    await changeAndSettle(followed);
    expect(kinds(followed)).toEqual(['ahead']);
    expect(counts()).toEqual({ list: 0, watch: 1, stream: 2 });
  });

  it("lists anew when the server's store was restored from a backup and its versions went back", async () => {
    const followed = await startSettled();
    server.store.turnBack(500);
    server.apply('services', service('after-restore'));
    await followed.settled();
    expect(followed.faults.some(({ kind }) => kind === 'ahead')).toBe(true);
    server.bookmark();
    await changeAndSettle(followed);
    expect(counts().stream).toBeLessThan(4);
  });

  it('lists anew after a line that is no JSON, and misses nothing', async () => {
    const followed = await startSettled();
    server.sayToWatches('{"type":"MODIFIED","object":{{\n', 'services');
    await changeAndSettle(followed);
    expect(kinds(followed)).toEqual(['garbled']);
    expect(counts()).toEqual({ list: 0, watch: 0, stream: 2 });
  });

  it.each([
    ['no event', '[1, 2]\n'],
    ['an event without an object', '{"type":"ADDED"}\n'],
    ['an object without a name', '{"type":"ADDED","object":{"metadata":{}}}\n'],
    ['a bookmark without a version', '{"type":"BOOKMARK","object":{"metadata":{}}}\n'],
    ['an ERROR without a Status', '{"type":"ERROR","object":"oops"}\n'],
  ])('lists anew after a line that is %s', async (_, line) => {
    const followed = await startSettled();
    server.sayToWatches(line, 'services');
    await changeAndSettle(followed);
    expect(kinds(followed)).toEqual(['garbled']);
    expect(counts()).toEqual({ list: 0, watch: 0, stream: 2 });
  });

  it('tells the events before a malformed line, all of one chunk', async () => {
    const followed = await startSettled();
    const event = { type: 'MODIFIED', object: { ...service('web', { sessionAffinity: 'ClientIP' }) } };
    server.sayToWatches(`${JSON.stringify(event)}\n{"type":\n`, 'services');
    while (counts().stream < 2) await sleep(5);
    await followed.settled();
    const ofServices = followed.batches.filter(([change]) => change?.kind === 'service');
    expect(ofServices[1]).toMatchObject([{ key: 'shop/web', object: { affinitySeconds: 10_800 } }]);
  });

  it('does not list endlessly where a server sends an event and nonsense each time', async () => {
    const event = JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '5000' } } });
    const followed = await startSettled();
    fault('watch', { do: 'say', text: `${event}\nnonsense\n`, then: 'end' }, 8);
    fault('stream', { do: 'answer', status: { code: 500, reason: 'InternalError', message: 'oops' } }, 8);
    server.endWatches('end', 'services');
    await sleep(600);
    expect(server.requests.length).toBeLessThan(20);
    server.faults.length = 0;
    await changeAndSettle(followed);
  });

  it('asks again for an event whose line broke off', async () => {
    const followed = await startSettled();
    server.applyUnseen('services', service('half'));
    server.sayToWatches('{"type":"ADDED","object":{"kind":"Service","metadata":{"na', 'services');
    server.endWatches('end', 'services');
    await changeAndSettle(followed);
    expect(followed.known.has('service shop/half')).toBe(true);
    expect(counts()).toEqual({ list: 0, watch: 1, stream: 1 });
  });

  it('drops a line beyond all measure before it is held', async () => {
    const followed = await startSettled({ longest: 20_000 });
    server.sayToWatches(`{"type":"ADDED","object":{"x":"${'x'.repeat(200_000)}`, 'services');
    await changeAndSettle(followed);
    expect(kinds(followed)).toEqual(['garbled']);
  });

  it('passes over events of types that it does not know', async () => {
    const followed = await startSettled();
    server.sayToWatches('{"type":"PROMOTED","object":{}}\n\n', 'services');
    await changeAndSettle(followed);
    expect(server.requests).toHaveLength(3);
  });

  it('does not hurry where a server ends each watch at once', async () => {
    const followed = await startSettled();
    fault('watch', { do: 'say', text: '', then: 'end' }, 1_000);
    server.endWatches('end', 'services');
    await sleep(1_000);
    expect(counts().watch).toBeGreaterThan(3);
    expect(counts().watch).toBeLessThan(20);
    server.faults.length = 0;
    await changeAndSettle(followed);
    expect(counts().stream).toBe(1);
  });

  it('does not hurry where a server forgets each version at once', async () => {
    const followed = await startSettled();
    fault('watch', status(410, 'Expired'), 1_000);
    fault('stream', { do: 'answer', status: { code: 422, reason: 'Invalid', message: 'no' } });
    server.endWatches('end', 'services');
    await sleep(1_000);
    expect(counts().list).toBeLessThan(15);
    server.faults.length = 0;
    await changeAndSettle(followed);
  });

  it('hears of changes within one list while others fail', async () => {
    const followed = await startSettled();
    fault('any', status(500, 'InternalError'), 1_000);
    server.endWatches('reset', 'services');
    server.apply('endpointslices', slice('web', ['10.244.1.9']));
    await sleep(100);
    expect(followed.known.get('slice shop/web-abcde')).toMatchObject({
      endpoints: [{ address: '10.244.1.9' }],
    });
    server.faults.length = 0;
    await changeAndSettle(followed);
  });
});

describe('credentials', () => {
  it('reads a rotated token after a 401', async () => {
    server.tokens = new Set(['first']);
    const kubeconfig = writeKubeconfig(server, { tokenFile: 'token' });
    const tokenFile = kubeconfig.replace(/kubeconfig$/, 'token');
    writeFileSync(tokenFile, 'first\n');
    const followed = await startSettled({ kubeconfig });
    server.tokens = new Set(['second']);
    writeFileSync(tokenFile, 'second\n');
    server.endWatches('end');
    await changeAndSettle(followed);
    expect(kinds(followed)).toEqual(['unauthorized']);
    expect(followed.faults).toHaveLength(3);
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer second');
  });

  it('waits for a token that is not there yet', async () => {
    server.tokens = new Set(['first']);
    const kubeconfig = writeKubeconfig(server, { tokenFile: 'token' });
    const followed = await start({ kubeconfig });
    await sleep(200);
    expect(followed.faults[0]?.kind).toBe('credentials');
    expect(server.requests).toHaveLength(0);
    writeFileSync(kubeconfig.replace(/kubeconfig$/, 'token'), 'first');
    await followed.settled();
  });

  it('goes on asking where its token is refused, without hurry', async () => {
    server.tokens = new Set(['other']);
    const followed = await start({ kubeconfig: writeKubeconfig(server, { token: 'wrong' }) });
    await sleep(1_000);
    expect(server.requests.length).toBeLessThan(45);
    server.tokens = undefined;
    await followed.settled();
  });

  it('does not talk to a server of another authority, and waits for the right one', async () => {
    const followed = await startSettled();
    await server.stop();
    await server.startAgain(makeAuthority('impostor'));
    const before = server.requests.length;
    await sleep(300);
    expect(server.requests).toHaveLength(before);
    expect(followed.faults.at(-1)?.kind).toBe('connection');
    await server.stop();
    await server.startAgain();
    await changeAndSettle(followed);
  });

  it('uses an authority whose file was renewed', async () => {
    const kubeconfig = writeKubeconfig(server, {});
    const content = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
      clusters: { cluster: Record<string, string> }[];
    };
    const [entry] = content.clusters;
    if (entry === undefined) throw new Error('no cluster');
    entry.cluster = { server: server.url, 'certificate-authority': 'ca.crt' };
    writeFileSync(kubeconfig, JSON.stringify(content));
    const caFile = kubeconfig.replace(/kubeconfig$/, 'ca.crt');
    writeFileSync(caFile, server.authority.cert);
    const followed = await startSettled({ kubeconfig });
    const renewed = makeAuthority('renewed');
    await server.stop();
    await server.startAgain(renewed);
    writeFileSync(caFile, renewed.cert);
    await changeAndSettle(followed);
  });
});

describe('objects that are not as they should be', () => {
  it('keeps the last good version of an object, and says so once', async () => {
    const followed = await startSettled();
    const bad = service('web', { clusterIP: 'nonsense', clusterIPs: ['nonsense'] });
    server.apply('services', bad);
    server.apply('services', labelled(bad, { again: 'yes' }));
    server.apply('services', service('late'));
    while (!followed.known.has('service shop/late')) await sleep(5);
    expect(followed.known.get('service shop/web')).toBeDefined();
    expect(followed.warnings.filter((line) => line.includes('shop/web: spec.clusterIP:'))).toEqual([
      'Service shop/web: spec.clusterIP: expected an IP address, got "nonsense"; its last good version stays in force',
    ]);
    expect(followed.faults).toEqual([]);
    server.apply('services', service('web', { sessionAffinity: 'ClientIP' }));
    await followed.settled();
  });

  it('keeps it through a new list as well', async () => {
    const followed = await startSettled();
    server.apply('services', service('web', { clusterIP: 'nonsense', clusterIPs: ['nonsense'] }));
    server.sayToWatches('nonsense\n', 'services');
    while (counts().stream < 2) await sleep(5);
    await sleep(50);
    expect(followed.known.has('service shop/web')).toBe(true);
    server.remove('services', 'shop/web');
    await followed.settled();
  });

  it('passes over an object of which no good version is known', async () => {
    server.apply('services', service('odd', { ports: [] }));
    const followed = await startSettled();
    expect(followed.known.has('service shop/odd')).toBe(false);
    expect(followed.warnings.join('\n')).toMatch(
      /Service shop\/odd: spec\.ports: .*; the object is passed over/,
    );
  });

  it('leaves out a bad external IP, and serves the rest', async () => {
    server.apply('services', service('web', { externalIPs: ['192.0.2.1', 'nonsense'] }));
    const followed = await startSettled();
    expect(followed.known.get('service shop/web')).toMatchObject({ externalIPs: ['192.0.2.1'] });
    expect(followed.warnings).toEqual([
      'Service shop/web: spec.externalIPs[1]: expected an IP address, got "nonsense" (left out)',
    ]);
  });

  it('writes no more than a few warnings a minute', async () => {
    for (let index = 0; index < 100; index += 1) {
      server.apply('services', service(`bad-${index}`, { externalIPs: ['nonsense'] }));
    }
    const followed = await startSettled();
    expect(followed.warnings).toHaveLength(20);
  });
});
