import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  hostFacts,
  isConntrackLiberal,
  isIPv6Enabled,
  nodeName,
  readInterfaceAddresses,
} from '../../../src/node/host.ts';
import { applyOomScoreAdj } from '../../../src/node/oom.ts';
import { fakeRoot } from './fake-root.ts';

const LIBERAL = '/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal';
const IF_INET6 = '/proc/net/if_inet6';
const DISABLED = '/proc/sys/net/ipv6/conf/all/disable_ipv6';

describe('the host', () => {
  it('has addresses, loopback among them, without zones', () => {
    const addresses = readInterfaceAddresses();
    expect(addresses).toContain('127.0.0.1');
    expect(addresses.filter((address) => address.includes('%'))).toEqual([]);
  });

  it.each([
    [{}, false],
    [{ [LIBERAL]: '0\n' }, false],
    [{ [LIBERAL]: '1\n' }, true],
  ])('with %o tells whether conntrack is liberal', async (files, expected) => {
    await using fake = await fakeRoot(files);
    expect(await isConntrackLiberal(fake.root)).toBe(expected);
  });

  it.each([
    [{}, false],
    [{ [IF_INET6]: '' }, true],
    [{ [IF_INET6]: '', [DISABLED]: '0\n' }, true],
    [{ [IF_INET6]: '', [DISABLED]: '1\n' }, false],
  ])('with %o tells whether IPv6 is on', async (files, expected) => {
    await using fake = await fakeRoot(files);
    expect(await isIPv6Enabled(fake.root)).toBe(expected);
  });

  it.each([
    [{}, availableParallelism()],
    [{ '/sys/devices/system/cpu/online': '0-7\n' }, 8],
    [{ '/sys/devices/system/cpu/online': '0,2-3,5\n' }, 4],
  ])('with %o counts its cores', async (files, cores) => {
    await using fake = await fakeRoot(files);
    expect(await hostFacts(fake.root)).toMatchObject({ cores });
  });

  it.each([
    [' Node-A.Example\n', 'node-a.example'],
    ['  ', undefined],
  ])('is named from %j', (hostName, expected) => {
    expect(nodeName(hostName)).toBe(expected);
  });
});

describe('the OOM score', () => {
  const path = '/proc/self/oom_score_adj';

  it('is written once', async () => {
    await using fake = await fakeRoot({ [path]: '0\n' });
    expect(await applyOomScoreAdj(-999, fake.root)).toMatchObject({ kind: 'changed', before: 0 });
    expect(await applyOomScoreAdj(-999, fake.root)).toMatchObject({ kind: 'unchanged' });
  });

  it('that cannot be written is told, not thrown', async () => {
    await using fake = await fakeRoot();
    expect(await applyOomScoreAdj(-999, fake.root)).toMatchObject({ kind: 'refused', reason: 'missing' });
  });
});
