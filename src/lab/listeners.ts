import type { Cluster } from '../model/objects.ts';
import type { Address } from '../net/address.ts';
import { servedSlices } from './served-slices.ts';
import type { Listener } from './protocol.ts';
import type { Machine } from './topology.ts';

/**
 * A listener for each port of each endpoint, ready or not: a rule that leads to one that takes no traffic
 * must be found out.
 */
export function listenersOf(
  cluster: Cluster,
  machines: readonly Machine[],
): { readonly listeners: ReadonlyMap<string, readonly Listener[]>; readonly notes: readonly string[] } {
  const namespaceOf = new Map<Address, string>();
  for (const { addresses, namespace } of machines) {
    for (const address of addresses) namespaceOf.set(address, namespace);
  }
  const listeners = new Map<string, Map<string, Listener>>();
  for (const { ports, endpoints } of servedSlices(cluster)) {
    for (const { address } of endpoints) {
      const namespace = namespaceOf.get(address);
      if (namespace === undefined) continue;
      const here = listeners.get(namespace) ?? new Map<string, Listener>();
      listeners.set(namespace, here);
      for (const { port, protocol } of ports) {
        if (protocol !== 'sctp') here.set(`${address} ${port} ${protocol}`, { address, port, protocol });
      }
    }
  }
  const notes = cluster.services.flatMap(({ namespace, name, ports }) =>
    ports
      .filter(({ protocol }) => protocol === 'sctp')
      .map(({ port }) => `${namespace}/${name}, port ${port}: SCTP is not played`),
  );
  return {
    listeners: new Map([...listeners].map(([namespace, byKey]) => [namespace, [...byKey.values()]])),
    notes,
  };
}
