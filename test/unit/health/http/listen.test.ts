import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { describe, expect, test } from 'vitest';
import { listen, type Reach } from '../../../../src/health/http/listen.ts';
import type { Address } from '../../../../src/net/address.ts';

interface Asked {
  readonly host: string;
  readonly ipv6Only: boolean;
}

/** A server that notes where it is to listen, and fails as a kernel would that lacks these hosts. */
function serverWithout(...missing: readonly string[]) {
  const asked: Asked[] = [];
  const events = new EventEmitter();
  const server = Object.assign(events, {
    listen({ host, ipv6Only }: Asked) {
      asked.push({ host, ipv6Only });
      const refused = Object.assign(new Error('listen EAFNOSUPPORT'), { code: 'EAFNOSUPPORT' });
      setImmediate(() => (missing.includes(host) ? events.emit('error', refused) : events.emit('listening')));
    },
    address: () => ({ port: 10_256 }),
  });
  return { server: server as unknown as Server, asked };
}

const at = (address: string) => ({ address: address as Address, port: 10_256 });

describe('for both families', () => {
  test.each([
    ['0.0.0.0', { host: '::', ipv6Only: false }],
    ['::', { host: '::', ipv6Only: false }],
    ['127.0.0.1', { host: '127.0.0.1', ipv6Only: false }],
    ['::1', { host: '::1', ipv6Only: false }],
  ])('%s is %j', async (address, expected) => {
    const { server, asked } = serverWithout();
    expect(await listen(server, at(address), 'bothFamilies')).toBe(10_256);
    expect(asked).toEqual([expected]);
  });

  test('0.0.0.0 is IPv4 alone where the kernel has no IPv6', async () => {
    const { server, asked } = serverWithout('::');
    await listen(server, at('0.0.0.0'), 'bothFamilies');
    expect(asked.map(({ host }) => host)).toEqual(['::', '0.0.0.0']);
  });

  test(':: is an error there', async () => {
    const { server } = serverWithout('::');
    await expect(listen(server, at('::'), 'bothFamilies')).rejects.toThrow(
      'cannot listen on [::]:10256: the kernel does not know this address family (EAFNOSUPPORT)',
    );
  });
});

test.each([
  ['0.0.0.0', 'ownFamily'],
  ['::', 'ownFamily'],
] satisfies readonly [string, Reach][])(
  '%s for its own family leaves the other alone',
  async (address, reach) => {
    const { server, asked } = serverWithout();
    await listen(server, at(address), reach);
    expect(asked).toEqual([{ host: address, ipv6Only: true }]);
  },
);
