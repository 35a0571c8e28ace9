import { createHash } from 'node:crypto';
import type { Family } from '../../../src/net/address.ts';
import type { NodeView } from '../../../src/routing/node-view.ts';
import type { Endpoint, Route } from '../../../src/routing/route.ts';

/*
 * The rival: input of `nft -f` for the rules that kube-proxy 1.36 makes in its nftables mode, as far as
 * the benchmark's services need them: cluster IPs and node ports of policy Cluster, without affinity. Maps,
 * chains and rules are its own, in its order; ServiceCIDRs are taken as unknown, or what goes to unused
 * cluster IPs would be dropped. Source: setupNFTables, syncProxyRules and writeServiceToEndpointDNATs in
 * pkg/proxy/nftables/proxier.go.
 */

/**
 * Chains before rules before elements: what leads nowhere yet need not be checked for loops again at each
 * step. Each rule has a map of its own without a name, and for the kernel to find it one it goes through all
 * those there are; smaller transactions make that no worse, larger ones do.
 */
const RULES_AT_ONCE = 2_500;

/** Transactions, to be run one after the other. */
export function* nativeTransactions(routes: readonly Route[], view: NodeView): Iterable<string> {
  const table = `${view.family === 'ipv4' ? 'ip' : 'ip6'} kube-proxy`;
  yield fixedRules(table, view);
  const services = routes.map(nativeService);
  yield lines(services.flatMap(({ chains }) => chains.map(({ name }) => `add chain ${table} ${name}`)));
  const rules = services.flatMap(({ chains }) =>
    chains.flatMap((chain) => chain.rules.map((rule) => `add rule ${table} ${chain.name} ${rule}`)),
  );
  for (let at = 0; at < rules.length; at += RULES_AT_ONCE) yield lines(rules.slice(at, at + RULES_AT_ONCE));
  const elements = Map.groupBy(
    services.flatMap((service) => service.elements),
    ({ container }) => container,
  );
  yield lines(
    [...elements].map(
      ([container, members]) =>
        `add element ${table} ${container} { ${members.map(({ text }) => text).join(', ')} }`,
    ),
  );
}

function lines(texts: readonly string[]): string {
  return `${texts.join('\n')}\n`;
}

function fixedRules(table: string, { family, localPods, masqueradeMark }: NodeView): string {
  if (localPods.kind !== 'source')
    throw new Error(`local pods are known by ${localPods.kind}, not by source`);
  const ip = ipOf(family);
  const address = family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr';
  const notLoopback = family === 'ipv4' ? 'ip daddr != 127.0.0.0/8' : 'ip6 daddr != ::1';
  const mark = `0x${masqueradeMark.toString(16)}`;
  return `add table ${table}
table ${table} {
  set cluster-ips { type ${address}; }
  set hairpin-connections { type ${address} . ${address} . inet_proto . inet_service; }
  map no-endpoint-services { type ${address} . inet_proto . inet_service : verdict; }
  map no-endpoint-nodeports { type inet_proto . inet_service : verdict; }
  map firewall-ips { type ${address} . inet_proto . inet_service : verdict; }
  map service-ips { type ${address} . inet_proto . inet_service : verdict; }
  map service-nodeports { type inet_proto . inet_service : verdict; }
  chain reject-chain { reject; }
  chain service-endpoints-check { ${ip} daddr . meta l4proto . th dport vmap @no-endpoint-services; }
  chain nodeport-endpoints-check { ${notLoopback} meta l4proto . th dport vmap @no-endpoint-nodeports; }
  chain firewall-check { ${ip} daddr . meta l4proto . th dport vmap @firewall-ips; }
  chain cluster-ips-check { ${ip} daddr @cluster-ips reject; }
  chain services {
    ${ip} daddr @cluster-ips ${ip} saddr != ${localPods.cidr} mark set mark or ${mark}
    ${ip} daddr . meta l4proto . th dport vmap @service-ips
    fib daddr type local ${notLoopback} meta l4proto . th dport vmap @service-nodeports
  }
  chain masquerading {
    mark and ${mark} != 0 mark set mark xor ${mark} masquerade fully-random
    ct status dnat ${ip} saddr . ${ip} daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random
  }
  chain filter-prerouting-pre-dnat { type filter hook prerouting priority dstnat - 10; ct state new jump firewall-check; }
  chain filter-output-pre-dnat { type filter hook output priority -110; ct state new jump firewall-check; }
  chain filter-input {
    type filter hook input priority 0
    ct state new jump nodeport-endpoints-check
    ct state new jump service-endpoints-check
  }
  chain filter-forward {
    type filter hook forward priority 0
    ct state new jump service-endpoints-check
    ct state new jump cluster-ips-check
  }
  chain filter-output {
    type filter hook output priority 0
    ct state new jump service-endpoints-check
    ct state new jump cluster-ips-check
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }
  chain nat-output { type nat hook output priority -100; jump services; }
  chain nat-postrouting { type nat hook postrouting priority srcnat; jump masquerading; }
}
`;
}

interface NativeChain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** What one service port adds to the table. */
interface NativeService {
  readonly chains: readonly NativeChain[];
  readonly elements: readonly { readonly container: string; readonly text: string }[];
}

function nativeService(route: Route): NativeService {
  const { family, namespace, service, label, protocol, clusterIP = '', port, nodePort, endpoints } = route;
  const portName = label.slice(label.indexOf(':') + 1);
  const name = `${hashOf(label, protocol)}-${namespace}/${service}/${protocol}/${portName}`;
  const key = `${clusterIP} . ${protocol} . ${port}`;
  const active = { container: 'cluster-ips', text: clusterIP };
  if (endpoints.cluster.length === 0) {
    const refused = { container: 'no-endpoint-services', text: `${key} : goto reject-chain` };
    return { chains: [], elements: [active, refused] };
  }
  const hairpins = endpoints.reachable
    .filter(({ local }) => local)
    .map(({ address, port: endpointPort }) => ({
      container: 'hairpin-connections',
      text: `${address} . ${address} . ${protocol} . ${endpointPort}`,
    }));
  const policy = { name: `service-${name}`, rules: [translation(family, protocol, endpoints.cluster)] };
  const elements = [active, ...hairpins, { container: 'service-ips', text: `${key} : goto ${policy.name}` }];
  if (nodePort === undefined) return { chains: [policy], elements };
  const external = {
    name: `external-${name}`,
    rules: ['mark set mark or 0x4000', `goto ${policy.name}`],
  };
  const outside = {
    container: 'service-nodeports',
    text: `${protocol} . ${nodePort} : goto ${external.name}`,
  };
  return { chains: [policy, external], elements: [...elements, outside] };
}

function translation(family: Family, protocol: string, endpoints: readonly Endpoint[]): string {
  const choices = endpoints.map(({ address, port }, index) => `${index} : ${address} . ${port}`);
  const dice = `numgen random mod ${endpoints.length} map { ${choices.join(', ')} }`;
  return `meta l4proto ${protocol} dnat ${ipOf(family)} addr . port to ${dice}`;
}

function ipOf(family: Family): 'ip' | 'ip6' {
  return family === 'ipv4' ? 'ip' : 'ip6';
}

/** As long as kube-proxy's; which letters they are makes no difference. */
function hashOf(label: string, protocol: string): string {
  return createHash('sha256').update(`${label} ${protocol}`).digest('hex').slice(0, 8).toUpperCase();
}
