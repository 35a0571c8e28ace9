import { compactText } from '../model/compact.ts';
import type { EndpointSlice, Protocol, SliceEndpoint } from '../model/objects.ts';
import { joinHostPort, type Family } from '../net/address.ts';
import type { Endpoint } from './route.ts';

/** The endpoints of each port of one service: keys are made by `portKey`. */
export type EndpointsByPort = ReadonlyMap<string, readonly Endpoint[]>;

/** Slices and service ports meet by the port's name and protocol. */
export function portKey(name: string, protocol: Protocol): string {
  return `${name}/${protocol}`;
}

/**
 * Merges the slices of one service: one endpoint per `address:port`, sorted as text. Where two slices
 * hold the same one, an endpoint that is not terminating wins, and of equals the one in the slice
 * whose name sorts last.
 *
 * Source: endpointslicecache.go in pkg/proxy, which leaves the choice among equals to chance:
 * for the same cluster it was seen to choose now one, now the other.
 */
export function mergeSlices(
  slices: readonly EndpointSlice[],
  family: Family,
  nodeName: string,
): EndpointsByPort {
  const byPort = new Map<string, Map<string, Endpoint>>();
  const ofFamily = slices.filter((slice) => slice.family === family).sort(byName);
  for (const slice of ofFamily) {
    for (const { name, protocol, port } of slice.ports) {
      const key = portKey(name, protocol);
      const byText = byPort.get(key) ?? new Map<string, Endpoint>();
      byPort.set(key, byText);
      for (const endpoint of slice.endpoints) {
        const text = compactText(joinHostPort(endpoint.address, port));
        if (byText.has(text) && endpoint.terminating) continue;
        byText.set(text, toEndpoint(endpoint, port, text, nodeName));
      }
    }
  }
  return new Map([...byPort].map(([key, byText]) => [key, [...byText.values()].sort(byEndpointText)]));
}

function toEndpoint(endpoint: SliceEndpoint, port: number, text: string, nodeName: string): Endpoint {
  const { address, ready, serving, terminating, zoneHints, nodeHints } = endpoint;
  const local = endpoint.nodeName !== undefined && endpoint.nodeName === nodeName;
  return { address, port, text, local, ready, serving, terminating, zoneHints, nodeHints };
}

function byName(a: EndpointSlice, b: EndpointSlice): number {
  return compareText(a.name, b.name);
}

function byEndpointText(a: Endpoint, b: Endpoint): number {
  return compareText(a.text, b.text);
}

/** By code units: the order must not depend on anybody's locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
