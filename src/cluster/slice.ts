import { compactList } from '../model/compact.ts';
import type { EndpointSlice, SliceEndpoint } from '../model/objects.ts';
import { familyOf, parseAddress } from '../net/address.ts';
import { expectedGot } from '../problems/problem.ts';
import type { RawEndpointSlice } from './schemas.ts';
import { toProtocol, type FieldProblem } from './service.ts';

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
/** Slices of headless services carry it; the proxy does not watch them. */
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';

const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

/**
 * The slice as the proxy sees it, or undefined where it takes no part: of type FQDN, of a headless
 * service, or of no service. Ports without a number are left out, as kube-proxy does.
 */
export function toEndpointSlice(raw: RawEndpointSlice): EndpointSlice | undefined {
  const labels = raw.metadata.labels ?? {};
  const serviceName = labels[SERVICE_NAME_LABEL] ?? '';
  if (raw.addressType === 'FQDN' || serviceName === '' || labels[HEADLESS_LABEL] !== undefined)
    return undefined;
  return {
    namespace: raw.metadata.namespace ?? 'default',
    name: raw.metadata.name,
    serviceName,
    family: raw.addressType === 'IPv6' ? 'ipv6' : 'ipv4',
    ports: compactList(
      (raw.ports ?? []).flatMap(({ name, protocol, port }) =>
        port ? [{ name: name ?? '', protocol: toProtocol(protocol), port }] : [],
      ),
    ),
    endpoints: compactList(toEndpoints(raw.endpoints ?? [])),
    changedAt: timeOf(raw.metadata.annotations?.[TRIGGER_TIME_ANNOTATION]),
  };
}

function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Addresses that are not of the slice's type. */
export function sliceProblems(raw: RawEndpointSlice): readonly FieldProblem[] {
  if (raw.addressType === 'FQDN') return [];
  const family = raw.addressType === 'IPv6' ? 'ipv6' : 'ipv4';
  return (raw.endpoints ?? []).flatMap((endpoint, index) =>
    endpoint.addresses.flatMap((text, position) => {
      const address = parseAddress(text);
      if (address !== undefined && familyOf(address) === family) return [];
      const path = `endpoints[${index}].addresses[${position}]`;
      return [{ path, message: expectedGot(`an ${raw.addressType} address, as addressType says`, text) }];
    }),
  );
}

type RawEndpoint = NonNullable<RawEndpointSlice['endpoints']>[number];

function toEndpoints(raw: readonly RawEndpoint[]): readonly SliceEndpoint[] {
  const hintLists = sharedLists();
  return raw.flatMap(({ addresses, conditions, nodeName, hints }) => {
    const address = parseAddress(addresses[0] ?? '');
    if (address === undefined) return [];
    return [
      {
        address,
        nodeName: nodeName ?? undefined,
        ready: conditions?.ready ?? true,
        serving: conditions?.serving ?? true,
        terminating: conditions?.terminating ?? false,
        zoneHints: hintLists(hints?.forZones),
        nodeHints: hintLists(hints?.forNodes),
      },
    ];
  });
}

type RawHints = readonly { readonly name: string }[] | null | undefined;

/** The names of hints; lists that name the same are one, since a slice of many endpoints has few zones. */
function sharedLists(): (hints: RawHints) => readonly string[] {
  const lists = new Map<string, readonly string[]>([['', compactList<string>([])]]);
  return (hints) => {
    const names = (hints ?? []).map(({ name }) => name);
    const key = names.join('\n');
    const known = lists.get(key);
    if (known !== undefined) return known;
    lists.set(key, names);
    return names;
  };
}
