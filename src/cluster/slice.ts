import type { EndpointSlice, SliceEndpoint } from '../model/objects.ts';
import { familyOf, parseAddress } from '../net/address.ts';
import { expectedGot } from '../problems/problem.ts';
import type { RawEndpointSlice } from './schemas.ts';
import { toProtocol, type FieldProblem } from './service.ts';

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
/** Slices of headless services carry it; the proxy does not watch them. */
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';

export const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

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
    ports: (raw.ports ?? []).flatMap(({ name, protocol, port }) =>
      port ? [{ name: name ?? '', protocol: toProtocol(protocol), port }] : [],
    ),
    endpoints: (raw.endpoints ?? []).flatMap(toEndpoint),
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

const NO_HINTS: readonly string[] = [];

function toEndpoint(raw: NonNullable<RawEndpointSlice['endpoints']>[number]): readonly SliceEndpoint[] {
  const address = parseAddress(raw.addresses[0] ?? '');
  if (address === undefined) return [];
  return [
    {
      address,
      nodeName: raw.nodeName ?? undefined,
      ready: raw.conditions?.ready ?? true,
      serving: raw.conditions?.serving ?? true,
      terminating: raw.conditions?.terminating ?? false,
      zoneHints: raw.hints?.forZones?.map(({ name }) => name) ?? NO_HINTS,
      nodeHints: raw.hints?.forNodes?.map(({ name }) => name) ?? NO_HINTS,
    },
  ];
}
