import type { Protocol } from '../../model/objects.ts';
import type { Address } from '../../net/address.ts';
import type { Packet } from '../packet.ts';
import type { Claims } from './claims.ts';
import type { Probe, ProbeContext } from './probes.ts';
import { nodeSource, type Source } from './sources.ts';

/** What every node owes, whatever its services: forwarding, masquerading of what is marked, the guard of 127.0.0.1. */
export function* nodeProbes(
  context: ProbeContext,
  claims: Claims,
  healthCheckPorts: readonly number[],
): Iterable<Probe> {
  const { view, facts, sources, nodeAddresses } = context;
  const { outside, node, others } = sources;
  const away = STRANGE_DESTINATION[view.family];
  const port = unclaimedPort(claims, [away, ...nodeAddresses]);
  const askers = [outside, ...others];
  const make = (to: string, from: Source, address: Address, more: Partial<Packet> = {}): Probe => ({
    service: undefined,
    to,
    from,
    facts,
    memory: false,
    packet: {
      family: view.family,
      protocol: 'tcp',
      source: from.address,
      destination: address,
      destinationPort: port,
      inInterface: from.inInterface,
      ...more,
    },
  });
  for (const from of askers) {
    yield make('what is no service', from, away);
    for (const state of ['ESTABLISHED', 'RELATED', 'INVALID'] as const) {
      yield make(`a connection in state ${state}`, from, away, { state });
    }
    yield make('what asks for masquerading', from, away, { mark: view.masqueradeMark });
    yield make('what carries the marks of others', from, away, { mark: ~view.masqueradeMark >>> 0 });
  }
  for (const address of nodeAddresses) {
    for (const from of [outside, nodeSource(address), ...(node === undefined ? [] : [node])]) {
      yield make('the node itself', from, address);
      yield make('the node itself', from, address, { state: 'ESTABLISHED' });
      for (const healthCheck of healthCheckPorts) {
        yield make('a health-check node port', from, address, { destinationPort: healthCheck });
      }
    }
  }
}

const STRANGE_DESTINATION = { ipv4: '192.0.2.200' as Address, ipv6: '2001:db8:200::200' as Address };
const PROTOCOL: Protocol = 'tcp';

/** The discard port, or the next one that nobody claims. */
function unclaimedPort(claims: Claims, addresses: readonly Address[]): number {
  let port = 9;
  while (isClaimed(port)) port += 1;
  return port;

  function isClaimed(candidate: number): boolean {
    if (claims.isHealthCheckPort(candidate) || claims.atNodePort(PROTOCOL, candidate).length > 0) return true;
    return addresses.some((address) => claims.atAddress(PROTOCOL, address, candidate).length > 0);
  }
}
