import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { text } from '../../src/health/http/answer.ts';
import { serve, type ServeOptions, type ServerReport } from '../../src/health/http/serve.ts';
import type { Address } from '../../src/net/address.ts';
import { ask, freePort, LOOPBACK, LOOPBACK6 } from './asking.ts';

const ROUTES = { '/': () => text(200, 'here') };

/** Serves, and lets the test wait for its reports. */
function serving(options: Partial<ServeOptions> & Pick<ServeOptions, 'at'>) {
  const stop = new AbortController();
  const reports: ServerReport[] = [];
  const waiting: (() => void)[] = [];
  const served = serve({
    server: 'metrics',
    routes: ROUTES,
    hardFail: false,
    signal: stop.signal,
    retryAfter: 20,
    report(report) {
      reports.push(report);
      for (const wake of waiting.splice(0)) wake();
    },
    ...options,
  });
  served.catch(() => undefined);
  return {
    served,
    reports,
    async reported(kind: ServerReport['kind']): Promise<ServerReport> {
      for (;;) {
        const found = reports.find((report) => report.kind === kind);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    async end() {
      const began = performance.now();
      stop.abort();
      await served;
      return performance.now() - began;
    },
  };
}

async function takePort(port: number, host: string) {
  const holder = createServer().listen({ port, host });
  await once(holder, 'listening');
  return async () => {
    holder.close();
    await once(holder, 'close');
  };
}

test('the address is named once it listens, with the port that the kernel chose', async () => {
  const server = serving({ at: { address: LOOPBACK, port: 0 } });
  expect(await server.reported('listening')).toEqual({
    kind: 'listening',
    server: 'metrics',
    address: expect.stringMatching(/^127\.0\.0\.1:[1-9]\d+$/) as unknown,
  });
  await server.end();
});

test('an IPv6 address is served and named in brackets', async () => {
  const port = await freePort();
  const server = serving({ at: { address: LOOPBACK6, port } });
  expect(await server.reported('listening')).toMatchObject({ address: `[::1]:${port}` });
  expect((await ask(port, '/', { host: '::1' })).body).toBe('here');
  await expect(ask(port, '/', { host: '127.0.0.1' })).rejects.toThrow('ECONNREFUSED');
  await server.end();
});

describe('an address that cannot be had', () => {
  test('is tried again until it can', async () => {
    const port = await freePort();
    const release = await takePort(port, '127.0.0.1');
    const server = serving({ at: { address: LOOPBACK, port } });
    expect(await server.reported('cannotListen')).toMatchObject({ retryAfter: 20 });
    await release();
    await server.reported('listening');
    expect((await ask(port, '/')).body).toBe('here');
    await server.end();
  });

  test('is an error with bindAddressHardFail, which names server, address and reason', async () => {
    const port = await freePort();
    const release = await takePort(port, '::1');
    const server = serving({ at: { address: LOOPBACK6, port }, hardFail: true });
    await expect(server.served).rejects.toThrow(
      `metrics server: cannot listen on [::1]:${port}: the port is in use (EADDRINUSE)`,
    );
    expect(server.reports).toEqual([]);
    await release();
  });

  test('may be one the node does not have', async () => {
    const server = serving({ at: { address: '192.0.2.77' as Address, port: 10_249 }, hardFail: true });
    await expect(server.served).rejects.toThrow(
      'cannot listen on 192.0.2.77:10249: this node does not have the address (EADDRNOTAVAIL)',
    );
  });

  test('is not waited for at the end', async () => {
    const port = await freePort();
    const release = await takePort(port, '127.0.0.1');
    const server = serving({ at: { address: LOOPBACK, port }, retryAfter: 60_000 });
    await server.reported('cannotListen');
    expect(await server.end()).toBeLessThan(500);
    await release();
  });
});

describe('the end', () => {
  test('frees the port within a second, whatever clients hold on to', async () => {
    const port = await freePort();
    const never = new Promise<never>(() => undefined);
    const server = serving({ at: { address: LOOPBACK, port }, routes: { ...ROUTES, '/slow': () => never } });
    await server.reported('listening');
    const silent = connect(port, '127.0.0.1');
    const idle = connect(port, '127.0.0.1');
    const slow = connect(port, '127.0.0.1');
    const ended = [silent, idle, slow].map((socket) =>
      once(
        socket.on('error', () => undefined),
        'close',
      ),
    );
    idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    slow.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await ask(port, '/');
    expect(await server.end()).toBeLessThan(1000);
    await Promise.all(ended);
    await (
      await takePort(port, '127.0.0.1')
    )();
  });

  test('lets an answer under way finish', async () => {
    const port = await freePort();
    let answer: (() => void) | undefined;
    const routes = {
      '/slow': () =>
        new Promise<ReturnType<typeof text>>((resolve) => (answer = () => resolve(text(200, 'done')))),
    };
    const server = serving({ at: { address: LOOPBACK, port }, routes });
    await server.reported('listening');
    const reply = ask(port, '/slow');
    await expect.poll(() => answer).toBeDefined();
    const ending = server.end();
    answer?.();
    expect((await reply).body).toBe('done');
    expect(await ending).toBeLessThan(1000);
  });

  test('may come before the start', async () => {
    const stop = AbortSignal.abort();
    const server = serving({ at: { address: LOOPBACK, port: 0 }, signal: stop });
    await server.served;
    expect(server.reports).toEqual([]);
  });
});
