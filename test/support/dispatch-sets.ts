import type { Protocol } from '../../src/model/objects.ts';
import { addressBits, fromBigInt, toBigInt, type Address, type Family } from '../../src/net/address.ts';
import type { Route } from '../../src/routing/route.ts';
import type { ServiceRoutes } from '../../src/routing/routes.ts';
import { choice, plainEndpoint, plainRoute } from './plain-routes.ts';

/* Sets of destinations that a dispatch tree must cope with, each grown from a seed. */

export interface Destination {
  /** undefined is a node port. */
  readonly address: Address | undefined;
  readonly protocol: Protocol;
  readonly port: number;
}

export type Random = () => number;

/** Numbers from 0 up to 1 that repeat with the seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (random: Random, most: number): number => Math.floor(random() * most);

/** The service range of each family. */
const RANGE: Readonly<Record<Family, Address>> = {
  ipv4: '10.96.0.0' as Address,
  ipv6: 'fd00:10:96::' as Address,
};

const at = (family: Family, offset: number): Address =>
  fromBigInt(family, toBigInt(RANGE[family]) + BigInt(offset));
const http = (address: Address): Destination => ({ address, protocol: 'tcp', port: 80 });

/** Addresses that share ever more leading bits with the service range, so that each splits off alone. */
function oneForEachBit(family: Family): readonly Destination[] {
  const base = toBigInt(RANGE[family]);
  return Array.from({ length: addressBits(family) }, (_, bit) =>
    http(fromBigInt(family, base ^ (1n << BigInt(bit)))),
  );
}

export const SETS: Readonly<
  Record<string, (family: Family, size: number, random: Random) => readonly Destination[]>
> = {
  random: (family, size, random) =>
    Array.from({ length: size }, () => http(at(family, below(random, 2 ** 20)))),
  sequential: (family, size) => Array.from({ length: size }, (_, index) => http(at(family, index + 1))),
  clustered: (family, size, random) => {
    const starts = Array.from({ length: 20 }, () => below(random, 2 ** 20));
    return Array.from({ length: size }, () =>
      http(at(family, (starts[below(random, 20)] ?? 0) + below(random, 2 ** 11))),
    );
  },
  'one that splits off at each bit': (family, size) => [
    ...oneForEachBit(family),
    ...Array.from({ length: size - addressBits(family) }, (_, index) => http(at(family, index + 1))),
  ],
  'each half a third of what is left': (family, size) => {
    // Of each range a third lies in its upper half: as skewed as a range of addresses can go on being.
    const offsets: number[] = [];
    let count = size;
    for (let width = 2 ** 24; count > 16; width /= 2) {
      const third = Math.floor(count / 3);
      for (let index = 0; index < third; index += 1) offsets.push(width / 2 + index);
      count -= third;
    }
    for (let index = 0; index < count; index += 1) offsets.push(index);
    return offsets.map((offset) => http(at(family, offset)));
  },
  'many ports on one address': (family, size, random) => [
    ...Array.from({ length: size / 2 }, (): Destination => ({
      address: at(family, 10),
      protocol: (['tcp', 'udp', 'sctp'] as const)[below(random, 3)] ?? 'tcp',
      port: 1 + below(random, 65_535),
    })),
    ...Array.from({ length: size / 2 }, () => http(at(family, below(random, 2 ** 16)))),
  ],
  'node ports': (_, size, random) =>
    Array.from({ length: size }, (): Destination => {
      const draw = random();
      return {
        address: undefined,
        // Two protocols that begin alike make a group of their own, were they split bit by bit.
        protocol: draw < 0.45 ? 'tcp' : draw < 0.6 ? 'udp' : 'sctp',
        port: random() < 0.9 ? 30_000 + below(random, 2768) : 1 + below(random, 65_535),
      };
    }),
};

const ENDPOINT = plainEndpoint('10.244.0.1' as Address, 8080);

/** A service of one port with this destination. */
export function serviceAt(
  name: string,
  family: Family,
  { address, protocol, port }: Destination,
  fields: Partial<Route> = {},
): ServiceRoutes {
  const route = plainRoute({
    family,
    namespace: 'web',
    service: name,
    protocol,
    clusterIP: address,
    port: address === undefined ? 80 : port,
    nodePort: address === undefined ? port : undefined,
    endpoints: choice([ENDPOINT]),
    ...fields,
  });
  return { service: `web/${name}`, clusterIP: address, routes: [route], endpointCount: 1 };
}
