import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { classicRuleset } from '../../src/chains/ruleset.ts';
import { cleanConntrack, type CleanOutcome } from '../../src/conntrack/clean.ts';
import { policyChanges } from '../../src/conntrack/policy-change.ts';
import { applyRuleset } from '../../src/iptables/applier.ts';
import { backendOf } from '../../src/iptables/backend.ts';
import type { EndpointSlice, Protocol, Service } from '../../src/model/objects.ts';
import { parseAddress, parseCidr, type Address, type Cidr, type Family } from '../../src/net/address.ts';
import { mergeSlices, portKey } from '../../src/routing/endpoints.ts';
import type { NodeView } from '../../src/routing/node-view.ts';
import type { Route } from '../../src/routing/route.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import { plainService, plainSlice, readyEndpoint } from '../support/plain-objects.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';

/** A client, a node and its pods, each in a namespace, and rules for one service on the node. */
export interface Stage extends AsyncDisposable {
  readonly family: Family;
  readonly node: Namespace;
  readonly addresses: Addresses;
  /** Starts a server on a pod's address, port 8080. */
  readonly serve: (protocol: 'tcp' | 'udp', pod: Pod) => Promise<void>;
  /** Starts a client; what it gives back asks, and tells the answer. */
  readonly client: (protocol: 'tcp' | 'udp', to: string, port: number, from?: number) => Promise<Ask>;
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

interface Addresses extends Readonly<Record<Pod, Address>> {
  readonly clusterIP: Address;
  readonly client: Address;
  readonly node: Address;
  readonly podGateway: Address;
}

export const NODE_PORT = 30080;
const NODE_NAME = 'node-a';
const PEER = fileURLToPath(new URL('conntrack-peer.ts', import.meta.url));

const ADDRESSES: Readonly<Record<Family, Addresses>> = {
  ipv4: addresses('10.96.0.10', '203.0.113.1', '203.0.113.2', '10.244.255.254', '10.244.0.5', '10.244.1.6'),
  ipv6: addresses('fd00:96::a', 'fd00:c::1', 'fd00:c::2', 'fd00:244::fe', 'fd00:244::5', 'fd00:244::6'),
};

function addresses(...texts: readonly string[]): Addresses {
  const [clusterIP, client, node, podGateway, near, far] = texts.map(certainAddress);
  if (!clusterIP || !client || !node || !podGateway || !near || !far) throw new Error('six addresses');
  return { clusterIP, client, node, podGateway, near, far };
}

function certainAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return address;
}

export async function makeStage(family: Family): Promise<Stage> {
  const resources = new AsyncDisposableStack();
  const [node, client, pods] = [
    resources.use(await makeNamespace()),
    resources.use(await makeNamespace()),
    resources.use(await makeNamespace()),
  ];
  const at = ADDRESSES[family];
  await connect({ node, client, pods }, family, at);

  const start = async (where: Namespace, ...args: readonly string[]) => {
    const peer = startPeer(where, args);
    resources.defer(peer.end);
    await peer.next();
    return peer;
  };
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
      await start(pods, 'serve', protocol, at[pod], '8080', pod);
    },
    client: async (protocol, to, port, from = 0) => {
      const peer = await start(client, 'ask', protocol, to, String(port), String(from));
      return async () => {
        peer.send();
        return await peer.next();
      };
    },
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
    [Symbol.asyncDispose]: async () => resources.disposeAsync(),
  };
}

interface Peer {
  readonly send: () => void;
  /** The next line it prints. */
  readonly next: () => Promise<string>;
  readonly end: () => Promise<void>;
}

function startPeer(where: Namespace, args: readonly string[]): Peer {
  const [file, ...via] = where.via;
  const child = execa(file, [...via, process.execPath, PEER, ...args], {
    stdin: 'pipe',
    stderr: 'inherit',
    buffer: false,
    reject: false,
  });
  const lines = createInterface({ input: child.stdout });
  const read: string[] = [];
  lines.on('line', (line) => read.push(line));
  return {
    send: () => void child.stdin.write('?\n'),
    next: async () => {
      while (read.length === 0) await once(lines, 'line');
      return read.shift() ?? '';
    },
    end: async () => {
      child.stdin.end();
      await child;
    },
  };
}

async function connect(
  { node, client, pods }: Readonly<Record<'node' | 'client' | 'pods', Namespace>>,
  family: Family,
  at: Addresses,
): Promise<void> {
  const bits = family === 'ipv4' ? '/16' : '/64';
  const add = async (where: Namespace, address: Address, link: string) =>
    output(
      where,
      'ip',
      'address',
      'add',
      address + bits,
      'dev',
      link,
      ...(family === 'ipv6' ? ['nodad'] : []),
    );
  const ip = async (where: Namespace, ...args: readonly string[]) => output(where, 'ip', ...args);
  const forwarding =
    family === 'ipv4' ? '/proc/sys/net/ipv4/ip_forward' : '/proc/sys/net/ipv6/conf/all/forwarding';
  await output(node, 'sh', '-c', `echo 1 > ${forwarding}`);
  for (const [link, peer] of [['clients', client] as const, ['pods', pods] as const]) {
    const name = '--net=/proc/';
    const pid =
      peer.via
        .find((arg) => arg.startsWith(name))
        ?.slice(name.length)
        .split('/')[0] ?? '';
    await ip(node, 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
    await ip(node, 'link', 'set', link, 'up');
    await ip(peer, 'link', 'set', 'eth0', 'up');
    await ip(peer, 'link', 'set', 'lo', 'up');
  }
  await ip(node, 'link', 'set', 'lo', 'up');
  await add(node, at.node, 'clients');
  await add(node, at.podGateway, 'pods');
  await add(client, at.client, 'eth0');
  await add(pods, at.near, 'eth0');
  await add(pods, at.far, 'eth0');
  await ip(client, 'route', 'add', 'default', 'via', at.node);
  await ip(pods, 'route', 'add', 'default', 'via', at.podGateway);
  // Whatever no rule leads elsewhere goes to the pods, which do not forward: it is lost, but remembered.
  await ip(node, 'route', 'add', 'default', 'via', at.near);
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
