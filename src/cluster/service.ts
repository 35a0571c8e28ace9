import { compactList } from '../model/compact.ts';
import type { Service, ServicePort } from '../model/objects.ts';
import { familyOf, parseAddress, parseCidr, type Address, type Cidr, type Family } from '../net/address.ts';
import { expectedGot, type Problem } from '../problems/problem.ts';
import type { RawService } from './schemas.ts';

type RawSpec = RawService['spec'];
/** A problem whose object is known to the caller. */
export type FieldProblem = Omit<Problem, 'where'>;

export const PROXY_NAME_LABEL = 'service.kubernetes.io/service-proxy-name';

/** What the API server fills in for session affinity without a time-out. */
const DEFAULT_AFFINITY_SECONDS = 10_800;

/** The Service with the API server's defaults. Fields that contradict each other are told by `serviceProblems`. */
export function toService(raw: RawService): Service {
  const { spec } = raw;
  const clusterIPs = compactList(clusterIPsOf(spec));
  const headless = spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';
  const proxied = ingressAddresses(raw, 'Proxy');
  return {
    namespace: raw.metadata.namespace ?? 'default',
    name: raw.metadata.name,
    type: spec.type ?? 'ClusterIP',
    headless,
    servedByOther: raw.metadata.labels?.[PROXY_NAME_LABEL] !== undefined,
    clusterIPs,
    families: familiesOf(spec, clusterIPs),
    ports: (spec.ports ?? []).map(toPort),
    externalIPs: distinct(addresses(spec.externalIPs ?? [])),
    loadBalancerVIPs: distinct(ingressAddresses(raw, 'VIP')),
    ...(proxied.length > 0 && { proxiedLoadBalancerIPs: distinct(proxied) }),
    loadBalancerSourceRanges: distinct(cidrs(spec.loadBalancerSourceRanges ?? [])),
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS)
        : undefined,
    externalTrafficPolicy: spec.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster',
    internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster',
    healthCheckNodePort: setPort(spec.healthCheckNodePort),
  };
}

/** Fields that are well-formed but cannot be true together; the API server refuses them too. */
export function serviceProblems({ spec }: RawService): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const [first, second, ...more] = clusterIPsOf({ ...spec, clusterIP: undefined });
  if (more.length > 0) problems.push({ path: 'spec.clusterIPs', message: 'expected at most two addresses' });
  if (first !== undefined && second !== undefined && familyOf(first) === familyOf(second)) {
    const message = `expected one IPv4 and one IPv6 address, got "${first}" and "${second}"`;
    problems.push({ path: 'spec.clusterIPs', message });
  }
  const single = parseAddress(spec.clusterIP ?? '');
  if (first !== undefined && single !== undefined && first !== single) {
    const message = expectedGot(`the same address as spec.clusterIP, ${single}`, spec.clusterIPs?.[0]);
    problems.push({ path: 'spec.clusterIPs[0]', message });
  }
  const families = spec.ipFamilies ?? [];
  clusterIPsOf(spec).forEach((address, index) => {
    const family = families[index]?.toLowerCase();
    if (family === undefined || family === familyOf(address)) return;
    const message = `expected the family of the cluster IP ${address}, got "${String(families[index])}"`;
    problems.push({ path: `spec.ipFamilies[${index}]`, message });
  });
  return [...problems, ...portProblems(spec)];
}

function portProblems(spec: RawSpec): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const ports = (spec.ports ?? []).map(toPort);
  if (ports.length === 0 && spec.type !== 'ExternalName' && spec.clusterIP !== 'None') {
    problems.push({ path: 'spec.ports', message: expectedGot('at least one port', spec.ports ?? undefined) });
  }
  const names = new Map<string, number>();
  const numbers = new Map<string, number>();
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`;
    if (port.nodePort !== undefined && (spec.type ?? 'ClusterIP') === 'ClusterIP') {
      const message = expectedGot('none, since the type is ClusterIP', port.nodePort);
      problems.push({ path: `${at}.nodePort`, message });
    }
    const number = `${port.port}/${port.protocol.toUpperCase()}`;
    const taken = numbers.get(number);
    if (taken !== undefined) {
      const message = `expected a port of its own, got ${number}, which spec.ports[${taken}] has already`;
      problems.push({ path: `${at}.port`, message });
    }
    numbers.set(number, index);
    if (ports.length > 1 && port.name === '') {
      const message = 'expected a name, since the service has several ports, got nothing';
      problems.push({ path: `${at}.name`, message });
      return;
    }
    const before = names.get(port.name);
    if (before !== undefined) {
      const message = `expected a name of its own, got "${port.name}", which spec.ports[${before}] has already`;
      problems.push({ path: `${at}.name`, message });
    }
    names.set(port.name, index);
  });
  return problems;
}

function toPort(raw: NonNullable<RawSpec['ports']>[number]): ServicePort {
  return {
    name: raw.name ?? '',
    protocol: toProtocol(raw.protocol),
    port: raw.port,
    nodePort: setPort(raw.nodePort),
  };
}

export function toProtocol(raw: 'TCP' | 'UDP' | 'SCTP' | null | undefined): ServicePort['protocol'] {
  switch (raw) {
    case 'UDP':
      return 'udp';
    case 'SCTP':
      return 'sctp';
    case 'TCP':
    case null:
    case undefined:
      return 'tcp';
  }
}

/** Whether the node (VIP) or the load balancer (Proxy) is to deal with an address. */
function ingressAddresses({ status }: RawService, mode: 'VIP' | 'Proxy'): readonly Address[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  return addresses(ingress.filter(({ ipMode }) => (ipMode ?? 'VIP') === mode).map(({ ip }) => ip ?? ''));
}

function clusterIPsOf(spec: RawSpec): readonly Address[] {
  const several = addresses(spec.clusterIPs ?? []);
  return several.length > 0 ? several : addresses([spec.clusterIP ?? '']);
}

function familiesOf(spec: RawSpec, clusterIPs: readonly Address[]): readonly Family[] {
  if (clusterIPs.length > 0) return sharedFamilies(clusterIPs.map(familyOf));
  const asked = (spec.ipFamilies ?? []).map((family): Family => (family === 'IPv6' ? 'ipv6' : 'ipv4'));
  return sharedFamilies(asked.length > 0 ? asked : ['ipv4']);
}

const FAMILY_LISTS: readonly (readonly Family[])[] = [['ipv4'], ['ipv6'], ['ipv4', 'ipv6'], ['ipv6', 'ipv4']];

/** There are few such lists, and many services. */
function sharedFamilies(families: readonly Family[]): readonly Family[] {
  return FAMILY_LISTS.find((list) => list.join() === families.join()) ?? families;
}

function setPort(raw: number | null | undefined): number | undefined {
  return raw === 0 || raw === null ? undefined : raw;
}

function addresses(texts: readonly string[]): readonly Address[] {
  return texts.map(parseAddress).filter((address) => address !== undefined);
}

function cidrs(texts: readonly string[]): readonly Cidr[] {
  return texts.map((text) => parseCidr(text.trim())).filter((cidr) => cidr !== undefined);
}

function distinct<Value>(values: readonly Value[]): readonly Value[] {
  return compactList(values.length < 2 ? values : [...new Set(values)]);
}
