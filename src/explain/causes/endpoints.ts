import { turningAway } from '../../inspect/check/promise.ts';
import type { Claim } from '../../inspect/check/claims.ts';
import type { Cluster, EndpointSlice, Service, SliceEndpoint } from '../../model/objects.ts';
import { serviceKey } from '../../routing/routes.ts';
import { cause, type Finding } from '../finding.ts';
import { counted, familyName, listed, portText } from '../listing.ts';
import type { Situation, Trip, Wanted } from '../situation.ts';

/** The part of a packet's trip that decides whether an endpoint answers. */
interface Asked extends Pick<Trip, 'claims'> {
  readonly situation: Pick<Situation, 'view'> & { readonly wanted: Pick<Wanted, 'cluster'> | undefined };
}

/** Nobody answers for the service port: why not. */
export function withoutEndpoints({ situation, claims }: Asked): readonly Finding[] {
  const { wanted, view } = situation;
  if (wanted === undefined) return [];
  const [claim] = claims.filter(({ route, kind }) => turningAway(route, kind) === 'refused');
  if (claim === undefined) return [];
  const { namespace, service: name } = claim.route;
  const service = wanted.cluster.services.find((each) => each.namespace === namespace && each.name === name);
  if (service === undefined) return [];
  const slices = wanted.cluster.slices.filter((slice) => belongs(slice, service));
  const ofFamily = slices.filter(({ family }) => family === view.family);
  if (ofFamily.length === 0) return [missingSlices(wanted.cluster, service, slices, view.family)];
  const endpoints = ofFamily.flatMap((slice) => slice.endpoints);
  if (endpoints.length === 0) return [emptySlices(service)];
  return [portCause(claim, service, ofFamily) ?? conditionsCause(claim, service, ofFamily)];
}

function belongs(slice: EndpointSlice, { namespace, name }: Service): boolean {
  return slice.namespace === namespace && slice.serviceName === name;
}

function describe(service: Service): string {
  return `kubectl describe service -n ${service.namespace} ${service.name}`;
}

function missingSlices(
  { slices }: Cluster,
  service: Service,
  ofOtherFamily: readonly EndpointSlice[],
  family: EndpointSlice['family'],
): Finding {
  const key = serviceKey(service);
  if (ofOtherFamily.length > 0) {
    const text = `${key} has no EndpointSlice of ${familyName(family)}, only of ${familyName(family === 'ipv4' ? 'ipv6' : 'ipv4')}`;
    return cause(
      'wrongFamily',
      text,
      'see that the pods have an address of this family, or ask by the other one',
    );
  }
  const elsewhere = slices.filter(({ serviceName }) => serviceName === service.name);
  const namespaces = [...new Set(elsewhere.map(({ namespace }) => namespace))];
  const hint =
    namespaces.length === 0 ? '' : ` (there are some for a service of that name in ${listed(namespaces)})`;
  return cause(
    'noSlices',
    `no EndpointSlice is labelled kubernetes.io/service-name: ${service.name} in ${service.namespace}${hint}`,
    `compare the selector of the service with the labels of the pods: ${describe(service)}; a service without a selector needs EndpointSlices made by hand`,
  );
}

function emptySlices(service: Service): Finding {
  const text = `the EndpointSlices of ${serviceKey(service)} hold no endpoint: its selector matches no pod that has an address`;
  return cause('noEndpoints', text, `compare the selector with the labels of the pods: ${describe(service)}`);
}

/** Service and slice meet by the port's name and protocol. */
function portCause(
  { route }: Claim,
  service: Service,
  slices: readonly EndpointSlice[],
): Finding | undefined {
  const name = portNameOf(route.label, service);
  const ports = slices.filter(({ endpoints }) => endpoints.length > 0).flatMap((slice) => slice.ports);
  if (ports.some((port) => port.name === name && port.protocol === route.protocol)) return undefined;
  const called = name === '' ? 'without a name' : `named ${name}`;
  if (ports.length === 0) {
    const text = `the EndpointSlices of ${serviceKey(service)} name no port: the targetPort of port ${called} is not found on the pods`;
    return cause(
      'targetPortMissing',
      text,
      'give the container port the name that targetPort has, or use its number',
    );
  }
  const sameName = ports.filter((port) => port.name === name);
  if (sameName.length > 0) {
    const protocols = [...new Set(sameName.map(({ protocol }) => protocol))];
    const text = `port ${called} is ${route.protocol} in the service and ${listed(protocols)} in its EndpointSlices`;
    return cause('protocolMismatch', text, 'give both the same protocol');
  }
  const names = [...new Set(ports.map((port) => (port.name === '' ? 'without a name' : port.name)))];
  const text = `the service's port ${called} is none of its EndpointSlices' ports (${listed(names)})`;
  return cause(
    'portNameMismatch',
    text,
    'give the port the same name in both, or a targetPort that all pods have',
  );
}

function portNameOf(label: string, service: Service): string {
  return label.slice(serviceKey(service).length + 1);
}

function conditionsCause(claim: Claim, service: Service, slices: readonly EndpointSlice[]): Finding {
  const name = portNameOf(claim.route.label, service);
  const endpoints = slices
    .filter(({ ports }) => ports.some((port) => port.name === name && port.protocol === claim.route.protocol))
    .flatMap((slice) => slice.endpoints);
  const text = `${endpoints.length === 1 ? 'the only endpoint' : `none of the ${endpoints.length} endpoints`} of ${claim.route.label} ${endpoints.length === 1 ? 'is not' : 'is'} ready: ${conditionWords(endpoints)}`;
  const { namespace } = service;
  return cause(
    'notReady',
    text,
    `look at the readiness probes: kubectl get pods -n ${namespace}; kubectl describe pod`,
  );
}

function conditionWords(endpoints: readonly SliceEndpoint[]): string {
  const kinds = Map.groupBy(endpoints, ({ serving, terminating }) =>
    [...(terminating ? ['terminating'] : ['not terminating']), serving ? 'serving' : 'not serving'].join(
      ' and ',
    ),
  );
  return [...kinds].map(([words, those]) => `${those.length} ${words}`).join(', ');
}

/** Policy Local, and nobody on this node. */
export function withoutLocalEndpoint({ situation, claims }: Asked): readonly Finding[] {
  const { wanted, view } = situation;
  const [claim] = claims.filter(({ route, kind }) => turningAway(route, kind) === 'dropped');
  if (claim === undefined || wanted === undefined) return [];
  const { namespace, service: name, label, protocol, nodePort } = claim.route;
  const endpoints = wanted.cluster.slices
    .filter(
      (slice) => slice.namespace === namespace && slice.serviceName === name && slice.family === view.family,
    )
    .flatMap((slice) => slice.endpoints)
    .filter(({ ready, serving, terminating }) => ready || (serving && terminating));
  const byNode = Map.groupBy(endpoints, ({ nodeName }) => nodeName ?? 'an unknown node');
  const nodes = [...byNode].map(([node, those]) => `${node} (${those.length})`).sort();
  const field = claim.kind === 'clusterIP' ? 'internalTrafficPolicy' : 'externalTrafficPolicy';
  const entry = claim.kind === 'nodePort' ? `node port ${portText(nodePort ?? 0, protocol)}` : label;
  return [
    cause(
      'noLocalEndpoint',
      `${field} of ${namespace}/${name} is Local, and of ${counted(endpoints.length, 'endpoint')} none is on ${view.name === '' ? 'this node' : view.name}: ${entry} is dropped here. Endpoints are on ${listed(nodes, 6)}`,
      `ask one of these nodes (a load balancer finds them by the health-check node port), run a pod on each node, or set ${field}: Cluster`,
    ),
  ];
}
