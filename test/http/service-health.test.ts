import { once } from 'node:events';
import { connect, createServer, Server, type ListenOptions } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HealthCheck } from '../../src/health/health-check.ts';
import {
  createServiceHealth,
  type HealthCheckFailure,
  type ServiceHealth,
} from '../../src/health/service-health.ts';
import type { Family } from '../../src/net/address.ts';
import { ask, freePort, LOOPBACK, LOOPBACK6 } from './asking.ts';
import { recorded } from './recorded.ts';

const V4 = [LOOPBACK];
let failures: HealthCheckFailure[];
let proxyHealthy: boolean;
let health: ServiceHealth;

const made = (family: Family): ServiceHealth =>
  createServiceHealth({
    family,
    proxyHealthy: () => proxyHealthy,
    onFailure: (failure) => failures.push(failure),
    onFault(fault) {
      throw fault;
    },
  });

beforeEach(() => {
  failures = [];
  proxyHealthy = true;
  health = made('ipv4');
});
afterEach(() => health.close());

function check(name: string, port: number, localEndpoints = 1): HealthCheck {
  return { namespace: 'default', name, port, localEndpoints };
}

async function isOpen(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function serviceAt(port: number): Promise<string> {
  const { service } = JSON.parse((await ask(port, '/')).body) as { service: { name: string } };
  return service.name;
}

describe('kube-proxy answered', () => {
  test.each([
    ['health-check-node-port', 1],
    ['health-check-node-port-none-local', 0],
  ])('%s, and so do we', async (name, localEndpoints) => {
    const port = await freePort();
    await health.sync([check('hc', port, localEndpoints)], V4);
    const { status, headers, body } = await ask(port, '/');
    const theirs = recorded(name);
    expect(body).toBe(theirs.body);
    expect(status).toBe(theirs.status);
    expect(headers).toEqual({ ...theirs.headers, Date: headers.Date });
  });
});

test('every path answers', async () => {
  const port = await freePort();
  await health.sync([check('web', port)], V4);
  for (const path of ['/', '/healthz', '/anything/at/all?x=1']) {
    expect((await ask(port, path)).status).toBe(200);
  }
});

test('counts hold at once, without another opening', async () => {
  const port = await freePort();
  await health.sync([check('web', port, 2)], V4);
  expect((await ask(port, '/')).headers['X-Load-Balancing-Endpoint-Weight']).toBe('2');
  void health.sync([check('web', port, 0)], V4);
  expect((await ask(port, '/')).status).toBe(503);
  void health.sync([check('web', port, 5)], V4);
  expect(await ask(port, '/')).toMatchObject({
    status: 200,
    headers: { 'X-Load-Balancing-Endpoint-Weight': '5' },
  });
});

test('a proxy whose rules are old answers 503', async () => {
  const port = await freePort();
  await health.sync([check('web', port)], V4);
  proxyHealthy = false;
  const { status, body } = await ask(port, '/');
  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({ localEndpoints: 1, serviceProxyHealthy: false });
});

describe('ports', () => {
  test('open and close as services come and go', async () => {
    const [a, b] = [await freePort(), await freePort()];
    await health.sync([check('a', a), check('b', b)], V4);
    expect([await serviceAt(a), await serviceAt(b)]).toEqual(['a', 'b']);
    await health.sync([check('b', b)], V4);
    expect([await isOpen(a), await isOpen(b)]).toEqual([false, true]);
    await health.sync([], V4);
    expect(await isOpen(b)).toBe(false);
  });

  test('follow a service that changes its own', async () => {
    const [before, after] = [await freePort(), await freePort()];
    await health.sync([check('web', before)], V4);
    await health.sync([check('web', after)], V4);
    expect([await isOpen(before), await isOpen(after)]).toEqual([false, true]);
  });

  test('pass from one service to another in one sync', async () => {
    const port = await freePort();
    await health.sync([check('old', port)], V4);
    expect(await health.sync([check('new', port)], V4)).toEqual([]);
    expect(await serviceAt(port)).toBe('new');
  });

  test('stay open while nothing changes, with the connections on them', async () => {
    const port = await freePort();
    await health.sync([check('web', port)], V4);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    await health.sync([check('web', port)], V4);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    await health.sync([], V4);
    if (!socket.closed) await once(socket, 'close');
  });

  test('are those of the last of many syncs', async () => {
    const [a, b] = [await freePort(), await freePort()];
    void health.sync([check('a', a)], V4);
    void health.sync([check('b', a), check('a', b)], V4);
    void health.sync([], V4);
    await health.sync([check('a', b)], V4);
    expect([await isOpen(a), await isOpen(b)]).toEqual([false, true]);
    expect(failures).toEqual([]);
  });

  test('are closed at the end, whatever is asked for afterwards', async () => {
    const port = await freePort();
    await health.sync([check('web', port)], V4);
    await health.close();
    expect(await isOpen(port)).toBe(false);
    await health.sync([check('web', port)], V4);
    expect(await isOpen(port)).toBe(false);
  });
});

describe('addresses', () => {
  test('are those given; others do not answer', async () => {
    const port = await freePort();
    await health.sync([check('web', port)], V4);
    expect([await isOpen(port), await isOpen(port, '127.0.0.2')]).toEqual([true, false]);
  });

  test('may change', async () => {
    const port = await freePort();
    await health.sync([check('web', port)], V4);
    await health.sync([check('web', port)], []);
    expect(await isOpen(port)).toBe(false);
    await health.sync([check('web', port)], V4);
    expect(await isOpen(port)).toBe(true);
  });

  test.each([
    ['ipv4', '0.0.0.0'],
    ['ipv6', '::'],
  ] as const)('may be all of %s, and never those of the other family', async (family, host) => {
    const asked: ListenOptions[] = [];
    const listen = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, options) {
      asked.push(options as ListenOptions);
      setImmediate(() => this.emit('listening'));
      return this;
    });
    const all = made(family);
    expect(await all.sync([check('web', 32_199)], 'all')).toEqual([]);
    listen.mockRestore();
    expect(asked).toEqual([{ host, port: 32_199, ipv6Only: true }]);
    await all.close();
  });

  test('of both families can have the same port, each with its own count', async () => {
    const port = await freePort();
    const health6 = made('ipv6');
    await Promise.all([
      health.sync([check('web', port, 1)], V4),
      health6.sync([check('web', port, 0)], [LOOPBACK6]),
    ]);
    expect((await ask(port, '/')).status).toBe(200);
    expect((await ask(port, '/', { host: '::1' })).status).toBe(503);
    await health6.close();
  });
});

describe('a port that another process has', () => {
  test('is reported once, tried at each sync, and opened when it is free', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    const wanted = [check('web', port)];
    const message = `cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)`;
    expect(await health.sync(wanted, V4)).toEqual([{ check: wanted[0], message }]);
    expect(await health.sync(wanted, V4)).toHaveLength(1);
    expect(failures.map((failure) => failure.message)).toEqual([message]);

    holder.close();
    await once(holder, 'close');
    expect(await health.sync(wanted, V4)).toEqual([]);
    expect(await serviceAt(port)).toBe('web');
  });

  test('is reported again when it is lost again', async () => {
    const port = await freePort();
    const holder = createServer();
    for (let time = 1; time <= 2; time += 1) {
      holder.listen(port, '127.0.0.1');
      await once(holder, 'listening');
      await health.sync([check('web', port)], V4);
      expect(failures).toHaveLength(time);
      holder.close();
      await once(holder, 'close');
      await health.sync([check('web', port)], V4);
      await health.sync([], V4);
    }
  });

  test('on one address is opened on none', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    const other = '127.0.0.2' as typeof LOOPBACK;
    await health.sync([check('web', port)], [other, LOOPBACK]);
    expect(await isOpen(port, other)).toBe(false);
    holder.close();
  });

  test('does not keep other services from theirs', async () => {
    const [taken, free] = [await freePort(), await freePort()];
    const holder = createServer().listen(taken, '127.0.0.1');
    await once(holder, 'listening');
    await health.sync([check('a', taken), check('b', free)], V4);
    expect(await serviceAt(free)).toBe('b');
    holder.close();
  });
});

test('of two services with one port the first keeps it, and the other gets it afterwards', async () => {
  const port = await freePort();
  await health.sync([check('first', port)], V4);
  const second = check('second', port);
  expect(await health.sync([second, check('first', port)], V4)).toEqual([
    { check: second, message: `port ${port} is the health-check node port of default/first already` },
  ]);
  expect(await serviceAt(port)).toBe('first');
  expect(failures).toHaveLength(1);
  await health.sync([second], V4);
  expect(await serviceAt(port)).toBe('second');
});
