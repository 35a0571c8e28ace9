import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressBytes,
  addressOfBytes,
  cidrContains,
  fromBigInt,
  joinHostPort,
  parseAddress,
  parseCidr,
  toBigInt,
  type Address,
  type Cidr,
} from '../../../src/net/address.ts';

describe('an address', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['010.001.0.1', '10.1.0.1'],
    ['FD00:0:0:0:0:0:0:1', 'fd00::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1::', '1::'],
    ['::', '::'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('%s is %s', (text, address) => expect(parseAddress(text)).toBe(address));

  it.each([
    '',
    ' 10.0.0.1',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1/32',
    '0x7f.0.0.1',
    '1.2.3.4.5',
    'fe80::1%eth0',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
    ':::',
    'localhost',
    '10.0.0.1\n',
  ])('%j is none', (text) => expect(parseAddress(text)).toBeUndefined());

  it('is the same after a round trip through a number', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 128n - 1n), (value) => {
        const address = fromBigInt('ipv6', value);
        if (address.includes('.')) return;
        expect(toBigInt(address)).toBe(value);
        expect(parseAddress(address)).toBe(address);
      }),
    );
  });

  it('takes brackets before a port only where it has colons', () => {
    expect(joinHostPort('10.0.0.1' as Address, 80)).toBe('10.0.0.1:80');
    expect(joinHostPort('fd00::1' as Address, 80)).toBe('[fd00::1]:80');
  });
});

describe('a network', () => {
  it.each([
    ['10.244.3.7/16', '10.244.0.0/16'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['fd00:10:244:1::/56', 'fd00:10:244::/56'],
    ['::1/128', '::1/128'],
  ])('%s is %s', (text, cidr) => expect(parseCidr(text)).toBe(cidr));

  it.each([
    '10.0.0.0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8 ',
    '/8',
    '10.0.0.0/',
    '::ffff:10.0.0.0/104',
  ])('%j is none', (text) => expect(parseCidr(text)).toBeUndefined());

  it('holds its own addresses and no others', () => {
    const cidr = '10.244.0.0/16' as Cidr;
    expect(cidrContains(cidr, '10.244.255.255' as Address)).toBe(true);
    expect(cidrContains(cidr, '10.245.0.0' as Address)).toBe(false);
    expect(cidrContains(cidr, 'fd00::1' as Address)).toBe(false);
    expect(cidrContains('::/0' as Cidr, 'fd00::1' as Address)).toBe(true);
  });
});

describe('the bytes of an address', () => {
  const numbers = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    // Long runs of zeros, where the text is shortened.
    fc
      .tuple(fc.integer({ min: 0, max: 0xffff }), fc.nat({ max: 7 }))
      .map(([group, at]) => BigInt(group) << BigInt(16 * at)),
  );
  const ipv6 = numbers.map((number) => fromBigInt('ipv6', number)).filter((address) => address.includes(':'));
  const ipv4 = fc.nat({ max: 2 ** 32 - 1 }).map((number) => fromBigInt('ipv4', BigInt(number)));

  it('are the address again, as many as the family has', () =>
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (address) => {
        const bytes = addressBytes(address);
        expect(bytes).toHaveLength(address.includes(':') ? 16 : 4);
        expect(addressOfBytes(bytes)).toBe(address);
      }),
    ));

  it('compare as the addresses do', () =>
    fc.assert(
      fc.property(ipv6, ipv6, (one, other) => {
        expect(addressBytes(one) < addressBytes(other)).toBe(toBigInt(one) < toBigInt(other));
      }),
    ));
});
