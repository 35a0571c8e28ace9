import type { Address } from '../../../src/net/address.ts';
import { ADDRESSES, addressIn } from './addresses.ts';
import { ENDPOINT_PORT, type BenchCluster, type BenchService, type Transport } from './cluster.ts';
import { distinctNumbers, randomNumbers, shuffled } from './random.ts';

/* What is sent where: each case is a list of destinations, which are taken in turn. */

export const CASE_NAMES = [
  'hit',
  'hit-forwarded',
  'node-port',
  'many-endpoints',
  'no-endpoints',
  'miss-inside',
  'miss-outside',
  'miss-node',
] as const;

export type CaseName = (typeof CASE_NAMES)[number];

export const CASE_TITLES: Readonly<Record<CaseName, string>> = {
  hit: 'hit: cluster IP, endpoint on the node',
  'hit-forwarded': 'hit: cluster IP, endpoint behind the node',
  'node-port': 'hit: node port',
  'many-endpoints': 'hit: service with 1,000 endpoints',
  'no-endpoints': 'refusal: service without endpoints',
  'miss-inside': 'miss: unused IP of the service range',
  'miss-outside': 'miss: IP outside the service range',
  'miss-node': 'miss: the node itself, no node port',
};

export interface Destination {
  readonly address: Address;
  readonly port: number;
}

export interface Case {
  readonly name: CaseName;
  readonly transport: Transport;
  readonly destinations: readonly Destination[];
  /**
   * The same journey where no rule translates the destination: straight to the endpoints. Empty where
   * there is none to compare with.
   */
  readonly untranslated: readonly Destination[];
  /** Whether a listener at the endpoints' port, not the node's or a stranger's, is to get the packets. */
  readonly reachesEndpoints: boolean;
}

/** Different destinations of a case, where there are as many: more than a cache line's luck. */
const DESTINATIONS = 64;
const SEED = 77;

export function casesOf(cluster: BenchCluster): readonly Case[] {
  return (['tcp', 'udp'] as const).flatMap((transport) => {
    const ordinary = cluster.services.filter(
      (service) => service.transport === transport && service.endpoints.length <= 2,
    );
    const served = ordinary.filter(({ endpoints }) => endpoints.length > 0);
    const local = served.filter(({ place }) => place === 'localPods');
    const remote = served.filter(({ place }) => place === 'remotePods');
    const large = cluster.services.filter(
      (service) => service.transport === transport && service.endpoints.length > 2,
    );
    const { node } = ADDRESSES[cluster.family];
    const elsewhere = distinctNumbers(randomNumbers(SEED), DESTINATIONS, 60_000).map((host) => ({
      address: addressIn(cluster.family, 'elsewhere', host + 1),
      port: 443,
    }));
    const unused = cluster.unusedIPs.map((address) => ({ address, port: 80 }));
    const itself = [22, 443, 9100, 10_250].map((port) => ({ address: node, port }));
    const nodePorts = sample(local.filter(({ nodePort }) => nodePort !== undefined));
    const hit = (name: CaseName, services: readonly BenchService[]): Case => ({
      name,
      transport,
      destinations: services.map(({ clusterIP: address, port }) => ({ address, port })),
      untranslated: services.flatMap(straightTo),
      reachesEndpoints: true,
    });
    const miss = (name: CaseName, destinations: readonly Destination[]): Case => ({
      name,
      transport,
      destinations,
      untranslated: destinations,
      reachesEndpoints: false,
    });
    return [
      hit('hit', sample(local)),
      hit('hit-forwarded', sample(remote)),
      {
        ...hit('node-port', nodePorts),
        destinations: nodePorts.map(({ nodePort = 0 }) => ({ address: node, port: nodePort })),
      },
      hit('many-endpoints', large),
      {
        ...hit('no-endpoints', sample(ordinary.filter(({ endpoints }) => endpoints.length === 0))),
        untranslated: [],
        reachesEndpoints: false,
      },
      miss('miss-inside', unused),
      miss('miss-outside', elsewhere),
      miss('miss-node', itself),
    ];
  });
}

function sample(services: readonly BenchService[]): readonly BenchService[] {
  return shuffled(randomNumbers(SEED), services).slice(0, DESTINATIONS);
}

function straightTo({ endpoints }: BenchService): readonly Destination[] {
  return endpoints.slice(0, DESTINATIONS).map((address) => ({ address, port: ENDPOINT_PORT }));
}
