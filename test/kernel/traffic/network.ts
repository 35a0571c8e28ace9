import type { BackendKind } from '../../../src/iptables/backend.ts';
import { feed, makeNamespace, output, type Namespace } from '../namespace.ts';
import { startPeer } from '../peer-process.ts';
import {
  ADDRESSES,
  POD_PORTS,
  SERVICE_CIDR,
  STEADY_DESTINATIONS,
  type Destination,
  type Tally,
} from './plan.ts';

const PEER = new URL('peer.ts', import.meta.url);

/** A node between a client and its pods, each in a namespace; the pods answer. */
export interface Network extends AsyncDisposable {
  readonly node: Namespace;
  /** Where the pods' addresses are. */
  readonly pods: Namespace;
  /** New connections to all destinations, hundreds a second. */
  readonly startAsking: (destinations: readonly Destination[]) => Promise<Traffic>;
  /** A connection to each destination that stays open and busy. */
  readonly startHolding: (destinations: readonly Destination[]) => Promise<Traffic>;
  /** First packets that were sent to a service and that no rule led on, since the network was made. */
  readonly strayPackets: () => Promise<number>;
}

export interface Traffic {
  readonly tally: () => Promise<Tally>;
  /** Asks no more, and waits for the answers that are still to come. */
  readonly finish: () => Promise<Tally>;
}

/** @param kind of the store in which stray packets are counted */
export async function makeNetwork(kind: BackendKind): Promise<Network> {
  const resources = new AsyncDisposableStack();
  const node = resources.use(await makeNamespace());
  const client = resources.use(await makeNamespace());
  const pods = resources.use(await makeNamespace());
  await join({ node, client, pods });
  await feed(node, counting(), `iptables-${kind}-restore`, '--noflush');

  const start = async (where: Namespace, ...args: readonly string[]): Promise<Traffic> => {
    const peer = startPeer(where, PEER, args);
    resources.defer(peer.end);
    const command = async (word: string): Promise<Tally> => {
      peer.tell(word);
      return JSON.parse(await peer.next()) as Tally;
    };
    // It answers once it runs.
    await command('tally');
    return { tally: () => command('tally'), finish: () => command('finish') };
  };
  await start(pods, 'serve', JSON.stringify({ addresses: ADDRESSES.pods, ports: POD_PORTS }));

  return {
    node,
    pods,
    startAsking: (destinations) => start(client, 'ask', JSON.stringify(destinations)),
    startHolding: (destinations) => start(client, 'hold', JSON.stringify(destinations)),
    strayPackets: async () => {
      const text = await output(node, `iptables-${kind}-save`, '-c', '-t', 'mangle');
      const counters = [...text.matchAll(/^\[(\d+):\d+\] -A STRAY /gm)].map(([, packets]) => Number(packets));
      if (counters.length === 0) throw new Error('the rules that count stray packets are gone');
      return counters.reduce((sum, packets) => sum + packets, 0);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** New connections to all steady services, and open ones. */
export async function startTraffic({ startAsking, startHolding }: Network): Promise<readonly Traffic[]> {
  const tcp = STEADY_DESTINATIONS.filter(({ protocol }) => protocol === 'tcp');
  return await Promise.all([startAsking(STEADY_DESTINATIONS), startHolding(tcp)]);
}

/**
 * Rules of the test's own, that count a packet which still has the address of a service when it is forwarded
 * or delivered.
 */
function counting(): string {
  return [
    '*mangle',
    ':STRAY - [0:0]',
    `-A FORWARD -d ${SERVICE_CIDR} -j STRAY`,
    `-A INPUT -d ${ADDRESSES.node} -p tcp -m tcp --dport 30000:32767 -j STRAY`,
    `-A INPUT -d ${ADDRESSES.node} -p udp -m udp --dport 30000:32767 -j STRAY`,
    '-A STRAY -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-A STRAY -p udp',
    'COMMIT',
    '',
  ].join('\n');
}

async function join({ node, client, pods }: Readonly<Record<'node' | 'client' | 'pods', Namespace>>) {
  const ip = (where: Namespace, ...args: readonly string[]) => output(where, 'ip', ...args);
  await output(node, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  for (const [link, peer] of [['clients', client] as const, ['pods', pods] as const]) {
    const pid = /--net=\/proc\/(\d+)\//.exec(peer.via.join(' '))?.[1] ?? '';
    await ip(node, 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
    await ip(node, 'link', 'set', link, 'up');
    await ip(peer, 'link', 'set', 'eth0', 'up');
    await ip(peer, 'link', 'set', 'lo', 'up');
  }
  await ip(node, 'link', 'set', 'lo', 'up');
  await ip(node, 'address', 'add', `${ADDRESSES.node}/24`, 'dev', 'clients');
  await ip(node, 'address', 'add', `${ADDRESSES.podGateway}/16`, 'dev', 'pods');
  await ip(client, 'address', 'add', `${ADDRESSES.client}/24`, 'dev', 'eth0');
  for (const pod of ADDRESSES.pods) await ip(pods, 'address', 'add', `${pod}/16`, 'dev', 'eth0');
  await ip(client, 'route', 'add', 'default', 'via', ADDRESSES.node);
  await ip(pods, 'route', 'add', 'default', 'via', ADDRESSES.podGateway);
  // Whatever no rule leads elsewhere is forwarded to the pods, which do not forward: it is lost.
  await ip(node, 'route', 'add', 'default', 'via', ADDRESSES.pods[0]);
}
