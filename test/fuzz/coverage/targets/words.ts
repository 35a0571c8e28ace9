import assert from 'node:assert/strict';
import { formatDuration, parseDuration } from '../../../../src/config/duration.ts';
import { quantity } from '../../../../src/config/fields.ts';
import { parseHostPort, withPort } from '../../../../src/config/host-port.ts';
import { parseEntry } from '../../../../src/conntrack/entry.ts';
import {
  addressBytes,
  addressOfBytes,
  cidrContains,
  familyOf,
  fromBigInt,
  joinHostPort,
  networkAddress,
  parseAddress,
  parseCidr,
  toBigInt,
} from '../../../../src/net/address.ts';

/** Addresses, networks, durations, quantities: each has one canonical spelling, which is read as itself. */
export function fuzz(data: Buffer): void {
  const text = data.toString();
  address(text);
  network(text);
  duration(text);
  listener(text);
  parseEntry(text);
  const amount = quantity.safeParse(text);
  if (amount.success) assert(quantity.safeParse(amount.data).success);
}

function address(text: string): void {
  const read = parseAddress(text);
  if (read === undefined) return;
  assert.match(read, /^[\da-f.:]+$/);
  assert.equal(parseAddress(read), read);
  assert.equal(addressOfBytes(addressBytes(read)), read);
  assert.equal(fromBigInt(familyOf(read), toBigInt(read)), read);
}

function network(text: string): void {
  const read = parseCidr(text);
  if (read === undefined) return;
  assert.match(read, /^[\da-f.:]+\/\d{1,3}$/);
  assert.equal(parseCidr(read), read);
  assert(cidrContains(read, networkAddress(read)));
}

function duration(text: string): void {
  const read = parseDuration(text);
  if (read === undefined) return;
  assert(Number.isFinite(read));
  // Past 104 days not every nanosecond has a number of its own.
  const again = parseDuration(formatDuration(read)) ?? Number.NaN;
  assert(Math.abs(again - read) <= Math.max(1e-6, Math.abs(read) * 2 ** -52), `${read}, then ${again}`);
}

function listener(text: string): void {
  const read = parseHostPort(text);
  if (read !== undefined) assert.deepEqual(parseHostPort(joinHostPort(read.address, read.port)), read);
  const filled = withPort(text, 10_249);
  assert.equal(withPort(filled, 10_256), filled);
}
