import { describe, expect, it } from 'vitest';
import type { ConntrackSettings } from '../../../src/model/settings.ts';
import {
  allowLocalhostNodePorts,
  applyConntrackSysctls,
  conntrackMax,
  isFatal,
} from '../../../src/node/sysctls.ts';
import { fakeRoot } from './fake-root.ts';

const LEAVE: ConntrackSettings = {
  maxPerCore: 0,
  min: 131_072,
  tcpBeLiberal: false,
  tcpEstablishedTimeout: 0,
  tcpCloseWaitTimeout: 0,
  udpTimeout: 0,
  udpStreamTimeout: 0,
};
const NETFILTER = '/proc/sys/net/netfilter/nf_conntrack_';
const HASH_SIZE = '/sys/module/nf_conntrack/parameters/hashsize';

const FILES = {
  [`${NETFILTER}max`]: '65536\n',
  [`${NETFILTER}tcp_timeout_established`]: '432000\n',
  [`${NETFILTER}tcp_timeout_close_wait`]: '3600\n',
  [`${NETFILTER}tcp_be_liberal`]: '0\n',
  [`${NETFILTER}udp_timeout`]: '30\n',
  [`${NETFILTER}udp_timeout_stream`]: '120\n',
  [HASH_SIZE]: '16384\n',
};

describe('the largest number of entries', () => {
  it.each([
    ['kube-proxy’s defaults on 2 cores', 32_768, 131_072, 2, 131_072],
    ['and on 8', 32_768, 131_072, 8, 262_144],
    ['and on 256', 32_768, 131_072, 256, 1_048_576],
    ['a minimum above the cap', 32_768, 2_000_000, 8, 2_000_000],
    ['a minimum above the cap, on 64 cores', 32_768, 2_000_000, 64, 1_048_576],
    ['no minimum', 1_000, 0, 4, 4_000],
    ['0 per core, whatever the minimum', 0, 131_072, 8, 0],
  ])('%s', (_, maxPerCore, min, cores, expected) => {
    expect(conntrackMax({ ...LEAVE, maxPerCore, min }, cores)).toBe(expected);
  });
});

describe('the sysctls of connection tracking', () => {
  it('are left alone where nothing is set', async () => {
    await using fake = await fakeRoot(FILES);
    expect(await applyConntrackSysctls(LEAVE, 8, fake.root)).toEqual([]);
  });

  it('are set, times in seconds, and the hash table follows', async () => {
    await using fake = await fakeRoot(FILES);
    const settings = {
      maxPerCore: 32_768,
      min: 131_072,
      tcpBeLiberal: true,
      tcpEstablishedTimeout: 86_400_000,
      tcpCloseWaitTimeout: 3_600_000,
      udpTimeout: 1_999,
      udpStreamTimeout: 500,
    };
    const outcomes = await applyConntrackSysctls(settings, 2, fake.root);
    expect(outcomes.map(({ kind, path, value }) => [kind, path, value])).toEqual([
      ['changed', `${NETFILTER}max`, 131_072],
      ['changed', HASH_SIZE, 32_768],
      ['changed', `${NETFILTER}tcp_timeout_established`, 86_400],
      ['unchanged', `${NETFILTER}tcp_timeout_close_wait`, 3_600],
      ['changed', `${NETFILTER}tcp_be_liberal`, 1],
      ['changed', `${NETFILTER}udp_timeout`, 1],
      ['changed', `${NETFILTER}udp_timeout_stream`, 0],
    ]);
    expect(await fake.read(`${NETFILTER}max`)).toBe('131072');
    expect(await fake.read(HASH_SIZE)).toBe('32768');
    expect(await fake.read(`${NETFILTER}udp_timeout_stream`)).toBe('0');
    const again = await applyConntrackSysctls(settings, 2, fake.root);
    expect(new Set(again.map(({ kind }) => kind))).toEqual(new Set(['unchanged']));
  });

  it('leave a hash table that is larger', async () => {
    await using fake = await fakeRoot({ ...FILES, [HASH_SIZE]: '262144' });
    const outcomes = await applyConntrackSysctls({ ...LEAVE, maxPerCore: 32_768 }, 2, fake.root);
    expect(outcomes.map(({ path }) => path)).toEqual([`${NETFILTER}max`]);
    expect(await fake.read(HASH_SIZE)).toBe('262144');
  });

  it('that are missing are refused, and the others are set all the same', async () => {
    await using fake = await fakeRoot({ ...FILES });
    const settings = { ...LEAVE, maxPerCore: 32_768, udpTimeout: 60_000 };
    const withoutHashSize = Object.entries(FILES).filter(([path]) => path !== HASH_SIZE);
    await using partial = await fakeRoot(Object.fromEntries(withoutHashSize));
    const outcomes = await applyConntrackSysctls(settings, 2, partial.root);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['changed', 'refused', 'changed']);
    expect(outcomes[1]).toEqual({
      kind: 'refused',
      path: HASH_SIZE,
      value: 32_768,
      before: undefined,
      reason: 'missing',
      message: `${HASH_SIZE}: expected to set 32768 (now unknown), got no such setting (its kernel module is not loaded)`,
    });
    expect(outcomes.some(isFatal)).toBe(false);
    const none = await applyConntrackSysctls(settings, 2, `${fake.root}/proc`);
    expect(none.map(({ kind, path }) => [kind, path])).toEqual([
      ['refused', `${NETFILTER}max`],
      ['refused', `${NETFILTER}udp_timeout`],
    ]);
    expect(none.some(isFatal)).toBe(false);
  });
});

describe('localhost node ports', () => {
  it('need route_localnet', async () => {
    const path = '/proc/sys/net/ipv4/conf/all/route_localnet';
    await using fake = await fakeRoot({ [path]: '0\n' });
    expect(await allowLocalhostNodePorts(fake.root)).toEqual({ kind: 'changed', path, value: 1, before: 0 });
    expect(await allowLocalhostNodePorts(fake.root)).toEqual({ kind: 'unchanged', path, value: 1 });
  });
});
