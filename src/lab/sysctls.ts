import type { Settings } from '../model/settings.ts';
import type { Family } from '../net/address.ts';

/** Files under /proc/sys, by the value that is to be written into them. */
export type Sysctls = ReadonlyMap<string, readonly string[]>;

/** Of our node, which is a router with service rules. */
export function nodeSysctls(
  { localhostNodePorts, conntrack }: Settings,
  families: readonly Family[],
): Sysctls {
  return inProc(families, {
    '1': [
      ...FORWARDING,
      ...(localhostNodePorts ? ['net/ipv4/conf/all/route_localnet'] : []),
      ...(conntrack.tcpBeLiberal ? ['net/netfilter/nf_conntrack_tcp_be_liberal'] : []),
    ],
    '0': [
      ...LENIENT,
      // By default the kernel says "refused" six times and then once a second, which looks like a drop.
      'net/ipv4/icmp_ratelimit',
      'net/ipv6/icmp/ratelimit',
      // And to all together 50 times at once, a thousand times a second; type 0 alone stays limited in IPv6.
      'net/ipv4/icmp_ratemask',
      'net/ipv6/icmp/ratemask',
    ],
  });
}

/** Of other nodes, which only forward to their pods. */
export function otherNodeSysctls(families: readonly Family[]): Sysctls {
  return inProc(families, { '1': FORWARDING, '0': LENIENT });
}

export function clientSysctls(families: readonly Family[]): Sysctls {
  return inProc(families, { '0': LENIENT });
}

const FORWARDING = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'];

/** No filter by source, since answers may take another way; no hints at shorter ways, which there are. */
const LENIENT = ['all', 'default'].flatMap((scope) => [
  `net/ipv4/conf/${scope}/rp_filter`,
  `net/ipv4/conf/${scope}/send_redirects`,
  `net/ipv4/conf/${scope}/accept_redirects`,
  `net/ipv6/conf/${scope}/accept_redirects`,
]);

function inProc(families: readonly Family[], byValue: Readonly<Record<string, readonly string[]>>): Sysctls {
  const canBeSet = (name: string): boolean => families.includes('ipv6') || !name.startsWith('net/ipv6/');
  return new Map(
    Object.entries(byValue).map(([value, names]) => [
      value,
      names.filter(canBeSet).map((name) => `/proc/sys/${name}`),
    ]),
  );
}
