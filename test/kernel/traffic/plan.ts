import type { Protocol } from '../../../src/model/objects.ts';

/** Where the client's questions go, and what must come back. */
export interface Destination {
  readonly name: string;
  readonly protocol: Exclude<Protocol, 'sctp'>;
  readonly address: string;
  readonly port: number;
  readonly answer: string;
}

/** What became of the questions so far. */
export interface Tally {
  readonly asked: number;
  readonly answered: number;
  /** How often, by what went wrong where. */
  readonly failures: Readonly<Record<string, number>>;
}

export const NODE_NAME = 'node-a';
export const CLUSTER_CIDR = '10.244.0.0/16';
export const SERVICE_CIDR = '10.96.0.0/12';
export const ADDRESSES = {
  client: '203.0.113.1',
  node: '203.0.113.2',
  podGateway: '10.244.255.254',
  pods: ['10.244.0.5', '10.244.0.6', '10.244.0.7'],
} as const;
/** Endpoints of these ports are answered; each names its service. */
export const POD_PORTS = [8001, 8002, 8003, 8004] as const;

/** A Kubernetes object as the API has it. */
export type Manifest = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: object };
};

export interface ServicePlan {
  readonly name: string;
  readonly clusterIP: string;
  readonly protocols: readonly ('tcp' | 'udp')[];
  readonly nodePort?: number;
  readonly podPort: number;
  readonly pods: readonly string[];
  readonly spec?: object;
}

/** The services that nobody touches while packets are counted: every kind of rule there is for them. */
const STEADY: readonly ServicePlan[] = [
  {
    name: 'one',
    clusterIP: '10.96.1.1',
    protocols: ['tcp', 'udp'],
    podPort: 8001,
    pods: [ADDRESSES.pods[0]],
  },
  { name: 'three', clusterIP: '10.96.1.2', protocols: ['tcp', 'udp'], podPort: 8002, pods: ADDRESSES.pods },
  {
    name: 'door',
    clusterIP: '10.96.1.3',
    protocols: ['tcp', 'udp'],
    nodePort: 30_080,
    podPort: 8003,
    pods: ADDRESSES.pods,
  },
  {
    name: 'sticky',
    clusterIP: '10.96.1.4',
    protocols: ['tcp'],
    nodePort: 30_090,
    podPort: 8004,
    pods: ADDRESSES.pods,
    spec: {
      externalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    },
  },
];

export const STEADY_DESTINATIONS: readonly Destination[] = STEADY.flatMap(
  ({ name, clusterIP, protocols, nodePort, podPort }) =>
    protocols.flatMap((protocol): readonly Destination[] => {
      const common = { protocol, answer: String(podPort) };
      const inside = { ...common, name: `${name} cluster IP ${protocol}`, address: clusterIP, port: 80 };
      if (nodePort === undefined) return [inside];
      const name_ = `${name} node port ${protocol}`;
      return [inside, { ...common, name: name_, address: ADDRESSES.node, port: nodePort }];
    }),
);

export function steadyObjects(): readonly Manifest[] {
  const node: Manifest = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE_NAME },
    spec: { podCIDRs: [CLUSTER_CIDR] },
    status: { addresses: [{ type: 'InternalIP', address: ADDRESSES.node }] },
  };
  return [node, ...STEADY.flatMap(objectsOf)];
}

/** Services that change with each round, and that nobody asks. */
export function otherObjects(count: number, round: number): readonly Manifest[] {
  return Array.from({ length: count }, (_, index) =>
    objectsOf({
      name: `other-${index}`,
      clusterIP: `10.97.${index >> 8}.${index & 255}`,
      protocols: index % 2 === 0 ? ['tcp'] : ['udp'],
      podPort: 8080,
      // Some have no endpoints for a while, which makes rules of the filter table come and go.
      pods:
        index % 7 === round % 7
          ? []
          : [`10.244.7.${(round * 7 + index) % 250}`, `10.244.8.${(round * 3 + index) % 250}`],
      ...(index % 10 === 0 ? { nodePort: 31_000 + index } : {}),
    }),
  ).flat();
}

export function objectsOf(plan: ServicePlan): readonly Manifest[] {
  const { name, clusterIP, protocols, nodePort, podPort, pods, spec = {} } = plan;
  const metadata = { name, namespace: 'web' };
  const outside = nodePort === undefined ? {} : { nodePort };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: nodePort === undefined ? 'ClusterIP' : 'NodePort',
        clusterIP,
        clusterIPs: [clusterIP],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ...(nodePort === undefined ? {} : { externalTrafficPolicy: 'Cluster' }),
        ports: protocols.map((protocol) => ({
          name: protocol,
          protocol: protocol.toUpperCase(),
          port: 80,
          targetPort: podPort,
          ...outside,
        })),
        ...spec,
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, name: `${name}-a`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: pods.map((address) => ({
        addresses: [address],
        nodeName: NODE_NAME,
        conditions: { ready: true, serving: true, terminating: false },
      })),
      ports: protocols.map((protocol) => ({
        name: protocol,
        protocol: protocol.toUpperCase(),
        port: podPort,
      })),
    },
  ];
}
