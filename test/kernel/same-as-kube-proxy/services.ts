import type { ApiObject } from '../../api/fake-store.ts';
import { pickFrom, type Random } from '../../support/crowd.ts';
import { between, chance, drawn, someOf } from './random.ts';

/* Services as an API server has them, of all kinds, that change in one field or another. */

export type ServiceType = 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName' | 'Headless';
export type ApiProtocol = 'TCP' | 'UDP' | 'SCTP';
export type ApiFamily = 'IPv4' | 'IPv6';

export interface PortPlan {
  readonly name: string;
  readonly protocol: ApiProtocol;
  readonly port: number;
  readonly nodePort: number;
}

/** What a service is made of; what its type does not have is left out of the object. */
export interface ServicePlan {
  readonly type: ServiceType;
  readonly families: readonly ApiFamily[];
  readonly address: number;
  readonly ports: readonly PortPlan[];
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly affinitySeconds: number | undefined;
  readonly externalIPs: readonly string[];
  readonly ingress: readonly object[];
  readonly sourceRanges: readonly string[];
  readonly proxyName: string | undefined;
}

export type Key = `${string}/${string}`;

/** Few enough that services meet their own past, and one with a name as long as names can be. */
export const SERVICES: readonly Key[] = [
  'web/shop',
  'web/cart',
  'web/dns',
  'api/shop',
  'api/sctp',
  `api/${'long-'.repeat(12)}end`,
];
const FIRST_HEALTH_CHECK_PORT = 31_100;

// Some are written as old API servers let them in: zeros before, capital letters, nothing shortened.
const EXTERNAL_IPS = [
  '198.51.100.1',
  '198.51.100.2',
  '198.051.100.003',
  '203.0.113.1',
  'fd00:198::1',
  'FD00:198:0::2',
];
const SOURCE_RANGES = [
  ...['192.168.77.0/24', '198.51.100.7/32', '10.1.2.3/8', ' 172.16.0.0/12 '],
  ...['fd00:77::/64', 'fd00:99::1/48'],
];
const INGRESS: readonly object[] = [
  { ip: '203.0.113.1' },
  { ip: '203.0.113.2', ipMode: 'VIP' },
  { ip: '203.0.113.3', ipMode: 'Proxy' },
  { ip: 'fd00:203::1', ipMode: 'VIP' },
  { ip: 'FD00:203::0:2' },
  { hostname: 'balancer.example' },
];

const PORT_NAMES = ['http', 'dns', 'metrics', 'p'.repeat(15)];

function randomPorts(random: Random): readonly PortPlan[] {
  const nodePorts = drawn([30_053, 30_080, 30_081, 30_443, 31_000, 32_767], random, 6);
  const names = drawn(PORT_NAMES, random, 3);
  const list = names.length === 0 ? [''] : names;
  const ports = list.map((name, index) => ({
    name,
    protocol: pickFrom<ApiProtocol>(['TCP', 'TCP', 'UDP', 'SCTP'], random),
    port: pickFrom([53, 80, 443], random),
    // Unlike the API server the program does not mind who has a node port already.
    nodePort: nodePorts[index] ?? 30_100 + index,
  }));
  const numbers = new Set(ports.map(({ port, protocol }) => `${port}/${protocol}`));
  return numbers.size === ports.length ? ports : ports.slice(0, 1);
}

const TYPES: readonly ServiceType[] = [
  ...(['ClusterIP', 'ClusterIP', 'NodePort', 'NodePort', 'NodePort'] as const),
  ...(['LoadBalancer', 'LoadBalancer', 'LoadBalancer', 'LoadBalancer', 'LoadBalancer'] as const),
  ...(['ExternalName', 'Headless'] as const),
];

/** What each field may be. */
const FIELDS: { readonly [Field in keyof ServicePlan]: (random: Random) => ServicePlan[Field] } = {
  type: (random) => pickFrom(TYPES, random),
  families: (random) =>
    pickFrom<readonly ApiFamily[]>([['IPv4'], ['IPv6'], ['IPv4', 'IPv6'], ['IPv6', 'IPv4']], random),
  address: (random) => between(random, 1, 12),
  ports: randomPorts,
  externalTrafficPolicy: (random) => pickFrom(['Cluster', 'Local'] as const, random),
  internalTrafficPolicy: (random) => pickFrom(['Cluster', 'Cluster', 'Local'] as const, random),
  affinitySeconds: (random) => (chance(random, 0.4) ? undefined : pickFrom([1, 10_800, 86_400], random)),
  externalIPs: (random) => drawn(EXTERNAL_IPS, random, 3),
  ingress: (random) => someOf(INGRESS, random, 0.6),
  sourceRanges: (random) =>
    chance(random, 0.3)
      ? []
      : [...drawn(SOURCE_RANGES, random, 4), ...(chance(random, 0.1) ? ['0.0.0.0/0', '::/0'] : [])],
  proxyName: (random) => (chance(random, 0.06) ? 'another-proxy' : undefined),
};
const FIELD_NAMES = Object.keys(FIELDS) as readonly (keyof ServicePlan)[];

export function randomService(random: Random): ServicePlan {
  const fields = FIELD_NAMES.map((field) => [field, FIELDS[field](random)]);
  return Object.fromEntries(fields) as ServicePlan;
}

/** Another in one field, or in one of its ports. */
export function changedService(plan: ServicePlan, random: Random): ServicePlan {
  if (chance(random, 0.25)) {
    const ports = plan.ports.map((port) => (chance(random, 0.6) ? changedPort(port, random) : port));
    const numbers = new Set(ports.map(({ port, protocol }) => `${port}/${protocol}`));
    const names = new Set(ports.map(({ name }) => name));
    if (numbers.size === ports.length && names.size === ports.length) return { ...plan, ports };
  }
  const field = pickFrom(FIELD_NAMES, random);
  return { ...plan, [field]: FIELDS[field](random) };
}

function changedPort(port: PortPlan, random: Random): PortPlan {
  const [other] = randomPorts(random);
  if (other === undefined) return port;
  const field = pickFrom(['name', 'protocol', 'port', 'nodePort'] as const, random);
  // A port without a name must be the only one.
  if (field === 'name' && (port.name === '' || other.name === '')) return port;
  return { ...port, [field]: other[field] };
}

export function serviceObject(key: Key, plan: ServicePlan): ApiObject {
  const [namespace = '', name = ''] = key.split('/');
  const labels: Readonly<Record<string, string>> =
    plan.proxyName === undefined ? {} : { 'service.kubernetes.io/service-proxy-name': plan.proxyName };
  return {
    metadata: { name, namespace, labels },
    spec: specOf(key, plan),
    status: { loadBalancer: plan.type === 'LoadBalancer' ? { ingress: plan.ingress } : {} },
  };
}

function specOf(key: Key, plan: ServicePlan): object {
  const { type, families, address } = plan;
  const common = { ports: portsOf(plan), sessionAffinity: 'None', externalIPs: plan.externalIPs };
  if (type === 'ExternalName') return { ...common, type, externalName: 'elsewhere.example' };
  const clusterIPs =
    type === 'Headless'
      ? ['None']
      : families.map((family) =>
          family === 'IPv4' ? `10.96.0.${address}` : `fd00:96::${address.toString(16)}`,
        );
  return {
    ...common,
    type: type === 'Headless' ? 'ClusterIP' : type,
    clusterIP: clusterIPs[0],
    clusterIPs,
    ipFamilies: families,
    ipFamilyPolicy: families.length > 1 ? 'RequireDualStack' : 'SingleStack',
    internalTrafficPolicy: plan.internalTrafficPolicy,
    ...affinityOf(plan),
    ...externalFieldsOf(key, plan),
  };
}

function portsOf({ type, ports }: ServicePlan): readonly object[] {
  const isOutside = type === 'NodePort' || type === 'LoadBalancer';
  return ports.map(({ name, protocol, port, nodePort }) => ({
    ...(name === '' ? {} : { name }),
    protocol,
    port,
    targetPort: port,
    // A load balancer may do without node ports.
    ...(isOutside && nodePort !== 31_000 ? { nodePort } : {}),
  }));
}

function affinityOf({ affinitySeconds }: ServicePlan): object {
  if (affinitySeconds === undefined) return {};
  const clientIP = { timeoutSeconds: affinitySeconds };
  return { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP } };
}

function externalFieldsOf(
  key: Key,
  { type, externalTrafficPolicy, externalIPs, sourceRanges }: ServicePlan,
): object {
  const isOutside = type === 'NodePort' || type === 'LoadBalancer';
  if (!isOutside && externalIPs.length === 0) return {};
  if (type !== 'LoadBalancer') return { externalTrafficPolicy };
  const healthCheck = externalTrafficPolicy === 'Local' ? { healthCheckNodePort: healthCheckPort(key) } : {};
  return { externalTrafficPolicy, ...healthCheck, loadBalancerSourceRanges: sourceRanges };
}

/** Each service has a port of its own: of two that claim one port chance would decide. */
export function healthCheckPort(service: string): number {
  return FIRST_HEALTH_CHECK_PORT + SERVICES.findIndex((key) => key === service);
}
