import { parseAddress, type Address, type Family } from '../../src/net/address.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';
import { startPeer, type PeerProcess } from './peer-process.ts';

/** A client, a node and its pods, each in a namespace, without any rules. */
export interface PodNetwork extends AsyncDisposable {
  readonly node: Namespace;
  /** Starts a server on a pod's address, port 8080, that answers with its name and whom it sees. */
  readonly serve: (protocol: PeerProtocol, address: Address, name: string) => Promise<PeerProcess>;
  /** Starts a client of one address and port. */
  readonly client: (protocol: PeerProtocol, to: string, port: number, from?: number) => Promise<Client>;
}

export type PeerProtocol = 'tcp' | 'udp';

export interface Client {
  /** Asks from the port that it has asked from before, and tells the answer. */
  readonly ask: () => Promise<string>;
  /** The same from another port, which it has from then on. */
  readonly askAnew: () => Promise<string>;
}

export interface Addresses {
  readonly clusterIP: Address;
  readonly client: Address;
  readonly node: Address;
  readonly podGateway: Address;
  /** Of two pods. */
  readonly near: Address;
  readonly far: Address;
}

const PEER = new URL('conntrack-peer.ts', import.meta.url);

export const ADDRESSES: Readonly<Record<Family, Addresses>> = {
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

export async function makePodNetwork(families: readonly Family[]): Promise<PodNetwork> {
  const resources = new AsyncDisposableStack();
  const places: Places = {
    node: resources.use(await makeNamespace()),
    client: resources.use(await makeNamespace()),
    pods: resources.use(await makeNamespace()),
  };
  await link(places);
  for (const family of families) await addFamily(places, family, ADDRESSES[family]);

  const start = async (where: Namespace, ...args: readonly string[]): Promise<PeerProcess> => {
    const peer = startPeer(where, PEER, args);
    resources.defer(peer.end);
    await peer.next();
    return peer;
  };
  return {
    node: places.node,
    serve: (protocol, address, name) => start(places.pods, 'serve', protocol, address, '8080', name),
    client: async (protocol, to, port, from = 0) => {
      const peer = await start(places.client, 'ask', protocol, to, String(port), String(from));
      const question = async (line: string): Promise<string> => {
        peer.tell(line);
        return await peer.next();
      };
      return { ask: () => question('?'), askAnew: () => question('anew') };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

type Places = Readonly<Record<'node' | 'client' | 'pods', Namespace>>;

async function link({ node, client, pods }: Places): Promise<void> {
  for (const [name, peer] of [['clients', client] as const, ['pods', pods] as const]) {
    const pid = /--net=\/proc\/(\d+)\//.exec(peer.via.join(' '))?.[1] ?? '';
    await output(node, 'ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
    await output(node, 'ip', 'link', 'set', name, 'up');
    await output(peer, 'ip', 'link', 'set', 'eth0', 'up');
    await output(peer, 'ip', 'link', 'set', 'lo', 'up');
  }
  await output(node, 'ip', 'link', 'set', 'lo', 'up');
}

async function addFamily({ node, client, pods }: Places, family: Family, at: Addresses): Promise<void> {
  const [bits, flags] = family === 'ipv4' ? (['/16', []] as const) : (['/64', ['nodad']] as const);
  const add = (where: Namespace, address: Address, device: string) =>
    output(where, 'ip', 'address', 'add', address + bits, 'dev', device, ...flags);
  const byDefault = (where: Namespace, via: Address) =>
    output(where, 'ip', 'route', 'add', 'default', 'via', via);
  const forwarding =
    family === 'ipv4' ? '/proc/sys/net/ipv4/ip_forward' : '/proc/sys/net/ipv6/conf/all/forwarding';
  await output(node, 'sh', '-c', `echo 1 > ${forwarding}`);
  await add(node, at.node, 'clients');
  await add(node, at.podGateway, 'pods');
  await add(client, at.client, 'eth0');
  await add(pods, at.near, 'eth0');
  await add(pods, at.far, 'eth0');
  await byDefault(client, at.node);
  await byDefault(pods, at.podGateway);
  // Whatever no rule leads elsewhere goes to the pods, which do not forward: it is lost, but remembered.
  await byDefault(node, at.near);
}
