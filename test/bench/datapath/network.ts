import type { Family } from '../../../src/net/address.ts';
import { command } from '../own-node.ts';
import { ADDRESSES } from './addresses.ts';
import type { BenchCluster } from './cluster.ts';

/**
 * One network of three machines: a client, the node, and a machine behind the node. The node is itself
 * every local endpoint; the machine behind it is the remote endpoints, the addresses elsewhere and the
 * unused ones of the service range. It is no service, so that what should have been translated, and was not,
 * gets no answer.
 */
export interface Network {
  readonly client: string;
  readonly node: string;
  readonly behind: string;
}

const CLIENT_MAC = '02:00:00:00:01:02';
const GATEWAY_MAC = '02:00:00:00:01:01';
const UPLINK_MAC = '02:00:00:00:02:01';
const BEHIND_MAC = '02:00:00:00:02:02';

export function buildNetwork(label: string, cluster: BenchCluster): Network {
  const network = { client: `client-${label}`, node: `node-${label}`, behind: `behind-${label}` };
  command('sh', '-ec', script(network, cluster));
  return network;
}

export function removeNetwork({ client, node, behind }: Network): void {
  for (const name of [client, node, behind]) command('ip', 'netns', 'del', name);
}

/** A command in one of the network's machines. */
export function inside(machine: string): readonly [string, ...string[]] {
  return ['ip', 'netns', 'exec', machine];
}

/** Forgets all connections; those of UDP would pile up. */
export function forgetConnections({ node }: Network): void {
  command(...inside(node), 'conntrack', '-F');
}

function script({ client, node, behind }: Network, cluster: BenchCluster): string {
  const { family, unusedIPs } = cluster;
  const at = ADDRESSES[family];
  const bits = family === 'ipv4' ? 32 : 128;
  const ip = family === 'ipv4' ? 'ip -4' : 'ip -6';
  const address = family === 'ipv4' ? 'ip -4 address add' : 'ip -6 address add nodad';
  return `
    ip netns add ${client}; ip netns add ${node}; ip netns add ${behind}
    ip -n ${node} link add to-client address ${GATEWAY_MAC} type veth peer name to-node address ${CLIENT_MAC} netns ${client}
    ip -n ${node} link add to-behind address ${UPLINK_MAC} type veth peer name to-node address ${BEHIND_MAC} netns ${behind}
    ip netns exec ${client} sh -e <<'EOF'
      ip link set lo up; ip link set to-node up
      ${address} ${at.client}/${at.linkBits} dev to-node
      ${ip} neigh replace ${at.gateway} lladdr ${GATEWAY_MAC} dev to-node nud permanent
      ${ip} route add default via ${at.gateway}
EOF
    ip netns exec ${behind} sh -e <<'EOF'
      ${answerAtOnce(family)}
      ip link set lo up; ip link set to-node up
      ${address} ${at.behind}/${at.linkBits} dev to-node
      ${ip} neigh replace ${at.uplink} lladdr ${UPLINK_MAC} dev to-node nud permanent
      ${ip} route add default via ${at.uplink}
      ${ip} route add local ${at.remotePods} dev lo
      ${ip} route add local ${at.elsewhere} dev lo
      ${unusedIPs.map((unused) => `${ip} route add local ${unused}/${bits} dev lo`).join('; ')}
EOF
    ip netns exec ${node} sh -e <<'EOF'
      ${answerAtOnce(family)}
      ${family === 'ipv4' ? 'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0' : 'sysctl -qw net.ipv6.conf.all.forwarding=1'}
      ip link set lo up; ip link set to-client up; ip link set to-behind up
      ${address} ${at.gateway}/${at.linkBits} dev to-client
      ${address} ${at.node}/${bits} dev to-client
      ${address} ${at.uplink}/${at.linkBits} dev to-behind
      ${ip} neigh replace ${at.client} lladdr ${CLIENT_MAC} dev to-client nud permanent
      ${ip} neigh replace ${at.behind} lladdr ${BEHIND_MAC} dev to-behind nud permanent
      ${ip} route add default via ${at.behind}
      ${ip} route add local ${at.localPods} dev lo
EOF`;
}

/**
 * Refusals of UDP packets are ICMP errors, of which the kernel sends but few a second. Only the types of the
 * mask are held back, and that may not be empty for IPv6: 127 is an error that nobody sends.
 */
function answerAtOnce(family: Family): string {
  return family === 'ipv4'
    ? 'sysctl -qw net.ipv4.icmp_ratemask=0'
    : 'sysctl -qw net.ipv6.icmp.ratelimit=0 net.ipv6.icmp.ratemask=127';
}
