import type { Cluster } from '../model/objects.ts';
import type { Address } from '../net/address.ts';
import { LabError } from './error.ts';
import { listenersOf } from './listeners.ts';
import { servedSlices } from './served-slices.ts';
import type { Topology } from './topology.ts';

/**
 * Makes sure that a lab can play another cluster than it was built for.
 *
 * @throws LabError naming an endpoint that nobody of the lab serves
 */
export function refuseStrangers(cluster: Cluster, topology: Topology): void {
  const { node, others, pods, listeners } = topology;
  const known = new Set([...listeners.values()].flat().map(listenerKey));
  const wanted = listenersOf(cluster, [node, ...others, ...pods]).listeners;
  const strangers = [...wanted.values()].flat().filter((listener) => !known.has(listenerKey(listener)));
  const places = new Set([node, ...others, ...pods].flatMap(({ addresses }) => addresses));
  const homeless = servedSlices(cluster)
    .filter(({ family }) => topology.families.includes(family))
    .flatMap(({ endpoints }) => endpoints.filter(({ address }) => !places.has(address)));
  const [stranger] = [...strangers, ...homeless];
  if (stranger === undefined) return;
  throw new LabError(`expected endpoints that the lab was built with, got one at ${stranger.address}`);
}

function listenerKey({
  address,
  port,
  protocol,
}: {
  address: Address;
  port: number;
  protocol: string;
}): string {
  return `${address} ${port} ${protocol}`;
}
