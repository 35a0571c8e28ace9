import type { Delivered, Fate, Outcome } from '../../src/inspect/fate.ts';
import { toNumber } from '../../src/inspect/fraction.ts';
import type { Packet } from '../../src/inspect/packet.ts';
import type { Expectation, ExpectedArrival } from '../../src/lab/expectation.ts';
import type { Topology } from '../../src/lab/topology.ts';
import { isLoopback, joinHostPort } from '../../src/net/address.ts';

/**
 * What must be seen where packets have these fates; undefined where they leave the lab and nothing is seen.
 *
 * @throws Error where fates are unknown, or differ in more than the endpoint
 */
export function expectationOf(
  fates: readonly Fate[],
  packet: Packet,
  topology: Topology,
): Expectation | undefined {
  const [first] = fates;
  if (first === undefined) throw new Error('a packet without a fate');
  if (first.outcome.kind === 'delivered') return deliveryOf(fates, first.outcome, packet, topology);
  if (fates.length > 1 || first.outcome.kind === 'unknown')
    throw new Error(fates.map(({ outcome }) => kindOf(outcome)).join());
  return { kind: first.outcome.kind === 'dropped' ? 'dropped' : 'refused' };
}

function deliveryOf(
  fates: readonly Fate[],
  first: Delivered,
  packet: Packet,
  topology: Topology,
): Expectation | undefined {
  const arrivals = fates.flatMap(({ outcome, probability }) =>
    outcome.kind === 'delivered' && isServed(outcome, packet, topology)
      ? [arrivalOf(outcome, toNumber(probability))]
      : [],
  );
  if (arrivals.length === fates.length) return { kind: 'arrives', at: arrivals, sticky: false };
  if (first.dnat) throw new Error(`expected endpoints that somebody serves, got ${first.address}`);
  const isOwn = isLoopback(first.address) || topology.node.addresses.includes(first.address);
  return isOwn ? { kind: 'refused' } : undefined;
}

function isServed({ address, port }: Delivered, { protocol }: Packet, { listeners }: Topology): boolean {
  return [...listeners.values()]
    .flat()
    .some(
      (listener) => listener.address === address && listener.port === port && listener.protocol === protocol,
    );
}

function arrivalOf({ address, port, masqueraded, via }: Delivered, share: number): ExpectedArrival {
  const source = masqueraded || via === 'output' ? 'node' : 'own';
  return { endpoint: joinHostPort(address, port), share, source };
}

/** `forward dnat masqueraded`, `dropped`. */
export function kindOf(outcome: Outcome): string {
  if (outcome.kind !== 'delivered') return outcome.kind;
  const { via, dnat, masqueraded } = outcome;
  return [via, ...(dnat ? ['dnat'] : []), ...(masqueraded ? ['masqueraded'] : [])].join(' ');
}
