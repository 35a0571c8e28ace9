import type { Packet } from '../../src/inspect/packet.ts';
import { nodeSource, outsideSource } from '../../src/lab/checks.ts';
import type { Source } from '../../src/lab/expectation.ts';
import type { Lab, LabRequest } from '../../src/lab/lab.ts';
import type { SpokenProtocol } from '../../src/lab/protocol.ts';
import { NODE } from '../../src/lab/topology.ts';
import { familyOf, isLoopback, type Address } from '../../src/net/address.ts';

/** A packet as the rules meet it, and how to have the lab send it. */
export interface Trip {
  readonly from: LabRequest['from'];
  readonly protocol: SpokenProtocol;
  readonly packet: Packet;
}

interface Destination {
  readonly address: Address;
  readonly port: number;
  readonly protocol: SpokenProtocol;
}

/** Enough for an endpoint, another, and one that is neither. */
const PODS = 3;

/**
 * To every address of every service port, to the ports next to node ports and to pods directly: from each
 * of the client's addresses, from the node, and from a few pods of the node.
 */
export function tripsIn(lab: Lab): readonly Trip[] {
  return destinationsIn(lab).flatMap((destination) =>
    sourcesFor(destination, lab).map(({ from, source }): Trip => {
      const { address, port, protocol } = destination;
      return {
        from,
        protocol,
        packet: {
          family: familyOf(address),
          protocol,
          source: source.address,
          destination: address,
          destinationPort: port,
          inInterface: source.hostInterface,
        },
      };
    }),
  );
}

function destinationsIn({ checks, topology }: Lab): readonly Destination[] {
  const promised = checks.map(({ destination: { address, port }, protocol }) => ({
    address,
    port,
    protocol,
  }));
  const besides = checks
    .filter(({ destination }) => destination.kind === 'nodePort')
    .map(({ destination: { address, port }, protocol }) => ({ address, port: port + 1, protocol }));
  const direct = [...topology.listeners.values()].flatMap((listeners) => listeners.slice(0, 1)).slice(0, 2);
  const byKey = new Map(
    [...promised, ...besides, ...direct].map((each) => [
      `${each.address} ${each.port} ${each.protocol}`,
      each,
    ]),
  );
  return [...byKey.values()];
}

interface Sender {
  readonly from: LabRequest['from'];
  readonly source: Source;
}

function sourcesFor({ address }: Destination, { topology }: Lab): readonly Sender[] {
  if (isLoopback(address)) return [{ from: 'node', source: nodeSource(address) }];
  const alike = (addresses: readonly Address[]): readonly Address[] =>
    addresses.filter((other) => familyOf(other) === familyOf(address));
  const isPod = topology.pods.some(({ addresses }) => addresses.includes(address));
  const pods = topology.pods.filter(({ on, addresses }) => on === NODE && alike(addresses).length > 0);
  return [
    ...alike(topology.client.addresses).map((own): Sender => ({
      from: `outside:${own}`,
      source: outsideSource(own),
    })),
    // To a pod itself, the node asks from an address of its side of the link.
    ...(isPod ? [] : alike(topology.node.addresses).slice(0, 1)).map((own): Sender => ({
      from: 'node',
      source: nodeSource(own),
    })),
    ...pods.slice(0, PODS).flatMap(({ addresses, hostInterface }) =>
      alike(addresses).map((own): Sender => {
        const through = topology.bridge ?? hostInterface;
        return { from: `pod:${own}`, source: { kind: 'pod', address: own, hostInterface: through } };
      }),
    ),
  ];
}
