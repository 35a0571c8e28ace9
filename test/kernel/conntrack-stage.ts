import { classicRuleset } from '../../src/chains/ruleset.ts';
import { cleanConntrack, type CleanOutcome } from '../../src/conntrack/clean.ts';
import { policyChanges } from '../../src/conntrack/policy-change.ts';
import { applyRuleset } from '../../src/iptables/applier.ts';
import { backendOf } from '../../src/iptables/backend.ts';
import type { EndpointSlice, Protocol, Service } from '../../src/model/objects.ts';
import { parseCidr, type Cidr, type Family } from '../../src/net/address.ts';
import { mergeSlices, portKey } from '../../src/routing/endpoints.ts';
import type { NodeView } from '../../src/routing/node-view.ts';
import type { Route } from '../../src/routing/route.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import { plainService, plainSlice, readyEndpoint } from '../support/plain-objects.ts';
import { ADDRESSES, makePodNetwork, type Addresses, type PeerProtocol } from './conntrack-network.ts';
import type { Namespace } from './namespace.ts';

/** A client, a node and its pods, each in a namespace, and rules for one service on the node. */
export interface Stage extends AsyncDisposable {
  readonly family: Family;
  readonly node: Namespace;
  readonly addresses: Addresses;
  /** Starts a server on a pod's address, port 8080. */
  readonly serve: (protocol: PeerProtocol, pod: Pod) => Promise<void>;
  /** Starts a client; what it gives back asks, and tells the answer. */
  readonly client: (protocol: PeerProtocol, to: string, port: number, from?: number) => Promise<Ask>;
  /** Writes the rules for the service as it is now. */
  readonly apply: (fields: Partial<ServiceFields>) => Promise<void>;
  /** After `apply`: as the daemon does it then. */
  readonly clean: (options?: { readonly resetGoneEndpoints?: boolean }) => Promise<CleanOutcome>;
}

export type Ask = () => Promise<string>;
/** `near` is on our node, `far` on another, as far as the cluster says. */
export type Pod = 'near' | 'far';

interface ServiceFields extends Pick<
  Service,
  'externalTrafficPolicy' | 'internalTrafficPolicy' | 'affinitySeconds'
> {
  readonly protocol: Protocol;
  readonly pods: readonly Pod[];
}

export const NODE_PORT = 30080;
const NODE_NAME = 'node-a';

export async function makeStage(family: Family): Promise<Stage> {
  const network = await makePodNetwork([family]);
  const { node } = network;
  const at = ADDRESSES[family];
  const view = nodeViewOf(family, at);
  let before: readonly Route[] = [];
  let now: { readonly routes: readonly Route[]; readonly slices: readonly EndpointSlice[] } = {
    routes: [],
    slices: [],
  };

  return {
    family,
    node,
    addresses: at,
    serve: async (protocol, pod) => {
      await network.serve(protocol, at[pod], pod);
    },
    client: async (protocol, to, port, from) => (await network.client(protocol, to, port, from)).ask,
    apply: async (fields) => {
      const { services, slices } = clusterOf(family, at, fields);
      const serviceRoutes = clusterRoutes({ services, slices, nodes: [] }, view);
      before = now.routes;
      now = { routes: serviceRoutes.flatMap(({ routes }) => routes), slices };
      await applyRuleset(classicRuleset(serviceRoutes, view), backendOf('nft', family, node.via));
    },
    clean: async ({ resetGoneEndpoints = false } = {}) =>
      await cleanConntrack({
        family,
        via: node.via,
        routes: now.routes,
        endpointsOf: ({ protocol }) =>
          mergeSlices(now.slices, family, NODE_NAME).get(portKey('', protocol)) ?? [],
        policyChanges: policyChanges(before, now.routes),
        ownAddresses: new Set([at.node, at.podGateway]),
        resetGoneEndpoints,
      }),
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

function nodeViewOf(family: Family, at: Addresses): NodeView {
  const cidr = parseCidr(family === 'ipv4' ? '10.244.0.0/16' : 'fd00:244::/64');
  return {
    family,
    name: NODE_NAME,
    zone: undefined,
    address: at.node,
    localPods: { kind: 'source', cidr: cidr ?? ('' as Cidr) },
    nodePorts: { kind: 'anyLocalAddress', loopback: false },
    localhostNodePorts: false,
    externalIPs: true,
    masqueradeAll: false,
    masqueradeMark: 2 ** 14,
    dropInvalid: false,
  };
}

function clusterOf(family: Family, at: Addresses, fields: Partial<ServiceFields>) {
  const { protocol = 'udp', pods = [], ...policies } = fields;
  const service = plainService({
    name: 'web',
    type: 'NodePort',
    clusterIPs: [at.clusterIP],
    families: [family],
    ports: [{ name: '', protocol, port: 80, nodePort: NODE_PORT }],
    ...policies,
  });
  const slice = plainSlice({
    serviceName: 'web',
    family,
    ports: [{ name: '', protocol, port: 8080 }],
    endpoints: pods.map((pod) =>
      readyEndpoint({ address: at[pod], nodeName: pod === 'near' ? NODE_NAME : 'node-b' }),
    ),
  });
  // Without a service its packets go on unchanged, where an unserved one would have them refused.
  return { services: pods.length === 0 ? [] : [service], slices: [slice] };
}
