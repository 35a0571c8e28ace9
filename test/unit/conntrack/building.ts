import { parseEntry, type Entry } from '../../../src/conntrack/entry.ts';
import type { ConntrackScene } from '../../../src/conntrack/subjects.ts';
import { familyOf, parseAddress, type Address } from '../../../src/net/address.ts';
import type { Endpoint, Route } from '../../../src/routing/route.ts';
import { choice, plainEndpoint, plainRoute } from '../../support/plain-routes.ts';

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

export function endpoint(at: string, port: number, state: Partial<Endpoint> = {}): Endpoint {
  return plainEndpoint(address(at), port, state);
}

/** A service port on cluster IP 10.96.0.10:53 with what is said of it. */
export function route(fields: Partial<Route> = {}, endpoints: readonly Endpoint[] = []): Route {
  return plainRoute({
    service: 'dns',
    protocol: 'udp',
    clusterIP: address('10.96.0.10'),
    port: 53,
    endpoints: choice(endpoints),
    ...fields,
  });
}

export function scene(
  routes: readonly Route[],
  rest: Partial<ConntrackScene> & { readonly endpoints?: readonly Endpoint[] } = {},
): ConntrackScene {
  const { endpoints, ...fields } = rest;
  return {
    routes,
    endpointsOf: (one) => endpoints ?? one.endpoints.reachable,
    policyChanges: [],
    ownAddresses: new Set(['192.168.77.10', '127.0.0.1']),
    resetGoneEndpoints: false,
    ...fields,
  };
}

/** `10.0.0.1:1000 > 10.96.0.10:53, 10.244.0.5:53 > 10.0.0.1:1000`: what was asked, and what answers. */
export function entry(text: string, protocol = 'udp', state?: string): Entry {
  const [original, reply] = text.split(', ').map((half) => half.split(' > ').map(splitHostPort));
  const [from, to] = original ?? [];
  const [answerFrom, answerTo] = reply ?? [to, from];
  if (!from || !to || !answerFrom || !answerTo) throw new Error(`no entry: ${text}`);
  const tuple = (source: HostPort, destination: HostPort) =>
    `src=${source.host} dst=${destination.host} sport=${source.port} dport=${destination.port}`;
  const family = familyOf(address(from.host));
  const head = `${family} ${family === 'ipv4' ? 2 : 10} ${protocol} 17 29${state === undefined ? '' : ` ${state}`}`;
  const parsed = parseEntry(`${head} ${tuple(from, to)} ${tuple(answerFrom, answerTo)} mark=0 use=1`);
  if (parsed === undefined) throw new Error(`no entry: ${text}`);
  return parsed;
}

interface HostPort {
  readonly host: string;
  readonly port: string;
}

function splitHostPort(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/[[\]]/g, ''), port: text.slice(colon + 1) };
}
