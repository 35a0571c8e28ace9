import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { text } from '../../src/health/http/answer.ts';
import { closeServer } from '../../src/health/http/close.ts';
import { createHardenedServer } from '../../src/health/http/hardened-server.ts';
import type { Routes } from '../../src/health/http/routes.ts';
import { ask } from './asking.ts';

const faults: Error[] = [];

function* endless() {
  for (;;) yield 'x'.repeat(65_536);
}
function* broken() {
  yield 'begun';
  throw new Error('the rules are gone');
}

const ROUTES: Routes = {
  '/': () => text(200, 'here'),
  '/throws': () => {
    throw new Error('a secret of the node');
  },
  '/rejects': () => Promise.reject(new Error('a secret of the node')),
  '/endless': () => ({ status: 200, headers: {}, body: endless() }),
  '/unsayable': () => ({ status: 200, headers: { 'X-Lines': 'one\ntwo' }, body: 'here' }),
  '/broken': () => ({ status: 200, headers: {}, body: broken() }),
};

let server: Server;
let port: number;

beforeAll(async () => {
  server = createHardenedServer(ROUTES, (fault) => faults.push(fault));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

beforeEach(() => faults.splice(0));
afterAll(() => closeServer(server, 0));

/** Sends these bytes, and gives what came back until the server closed. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1'))).on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return received;
}

/** A connection that has had an answer and is kept. */
async function keptOpen(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused', async (method) => {
  const { status, headers } = await ask(port, '/', { method });
  expect(status).toBe(405);
  expect(headers).toMatchObject({ Allow: 'GET, HEAD', Connection: 'close' });
});

test('a body is refused before it is read', async () => {
  const answer = await exchange('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc');
  expect(answer).toMatch(/^HTTP\/1\.1 405 /);
});

test('headers may not be long', async () => {
  const answer = await exchange(`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'c'.repeat(20_000)}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
});

test.each([
  ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a request without a host', 'GET / HTTP/1.1\r\n\r\n'],
])('%s is answered with 400 and the end', async (_what, bytes) => {
  expect(await exchange(bytes)).toMatch(/^HTTP\/1\.1 400 /);
});

test('HTTP/1.0 is answered and closed', async () => {
  expect(await exchange('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nhere$/);
});

test('a client that never finishes its headers is cut off', async () => {
  const began = performance.now();
  expect(await exchange('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')).toMatch(/^HTTP\/1\.1 408 /);
  expect(performance.now() - began).toBeLessThan(9_000);
});

describe('a handler that fails', () => {
  test.each(['/throws', '/rejects'])('by %s is reported, and the client learns nothing', async (path) => {
    const { status, body } = await ask(port, path);
    expect(status).toBe(500);
    expect(body).not.toContain('secret');
    expect(faults.map(({ message }) => message)).toEqual([`answering ${path} failed: a secret of the node`]);
  });

  test('in the middle of an answer breaks it off, so that nobody takes it for whole', async () => {
    await expect(ask(port, '/broken')).rejects.toThrow('aborted');
    expect(faults.map(({ message }) => message)).toEqual(['answering /broken failed: the rules are gone']);
  });
});

test('an answer that cannot be sent is reported, and the client sees an end', async () => {
  await expect(ask(port, '/unsayable')).rejects.toThrow('socket hang up');
  expect(faults.map(({ message }) => message)).toEqual([
    'answering /unsayable failed: Invalid character in header content ["X-Lines"]',
  ]);
});

test('a client that leaves in the middle of an answer is no fault', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
  await once(socket, 'close');
  await pause(50);
  expect(faults).toEqual([]);
  expect((await ask(port, '/')).status).toBe(200);
});

test('more connections than it takes lock nobody out while they idle', async () => {
  const sockets: Socket[] = [];
  for (let index = 0; index < 2 * server.maxConnections; index += 1) sockets.push(await keptOpen());
  expect((await ask(port, '/')).status).toBe(200);
  expect(await connections()).toBeLessThan(server.maxConnections);
  for (const socket of sockets) socket.destroy();
});

test('nor while they never finish what they ask, and come back again and again', async () => {
  const sockets = new Set<Socket>();
  let cutOff = 0;
  const attack = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      cutOff += 1;
    });
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  };
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(Array.from({ length: server.maxConnections / 2 }, attack));
    expect((await ask(port, '/')).status).toBe(200);
  }
  await expect.poll(() => cutOff).toBeGreaterThan(server.maxConnections / 2);
  for (const socket of sockets) socket.destroy();
});

test('requests that come faster than they are answered are answered in their order', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1')));
  await expect.poll(() => received.split('HTTP/1.1 200 ').length - 1).toBe(200);
  socket.destroy();
});

test.each([
  ['headers beyond number', Array.from({ length: 3_000 }, (_, index) => `${index}:`).join('\r\n'), 431],
  ['a path beyond all measure', undefined, 431],
  ['two lengths', 'Content-Length: 1\r\nContent-Length: 2', 400],
  ['a length and chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked', 400],
  ['a header with a line break in it', 'X-A: b\r c', 400],
])('%s: the connection ends', async (_what, headers, status) => {
  const path = headers === undefined ? `/${'a'.repeat(20_000)}` : '/';
  const answer = await exchange(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers ?? 'A: b'}\r\n\r\n`);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

test.each([
  'CONNECT x:1 HTTP/1.1',
  'GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close',
  'PRI * HTTP/2.0',
  'TRACE / HTTP/1.1',
])('%s opens no other way in', async (start) => {
  const answer = await exchange(`${start}\r\nHost: x\r\n\r\nSM\r\n\r\n`);
  expect(answer).not.toMatch(/^HTTP\/1\.1 (1|200 Connection)/);
  expect((await ask(port, '/')).status).toBe(200);
});

test('a connection serves many requests', async () => {
  const socket = await keptOpen();
  for (let index = 0; index < 3; index += 1) {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.toString()).not.toMatch(/^(Connection|Keep-Alive):/im);
  }
  socket.destroy();
});

function connections(): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_error, count) => {
      resolve(count);
    });
  });
}
