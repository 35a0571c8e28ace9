import { availableParallelism, hostname, networkInterfaces } from 'node:os';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAddress, type Address } from '../net/address.ts';
import type { Host } from '../routing/node-view.ts';
import { readSetting, readText } from './kernel-setting.ts';
import { parsePortRanges } from './port-ranges.ts';

/** What of the machine decides rules and settings. */
export interface HostFacts extends Host {
  /** undefined where the machine has none, with which kube-proxy does not start either. */
  readonly name: string | undefined;
  /** Logical processors that are on, whether this process may use them all or not. */
  readonly cores: number;
  readonly ipv6Enabled: boolean;
}

/** @param root where /proc and /sys are found, `/` but in tests */
export async function hostFacts(root = '/'): Promise<HostFacts> {
  const [cores, ipv6Enabled, conntrackLiberal] = await Promise.all([
    countCores(root),
    isIPv6Enabled(root),
    isConntrackLiberal(root),
  ]);
  const interfaceAddresses = readInterfaceAddresses();
  return { name: nodeName(hostname()), cores, ipv6Enabled, conntrackLiberal, interfaceAddresses };
}

/**
 * The addresses on all interfaces that are up, without the zones of link-local ones, each once.
 * To be read anew before it is relied on: addresses come and go.
 */
export function readInterfaceAddresses(): readonly Address[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((ofInterface) => ofInterface ?? [])
    .map(({ address }) => parseAddress(address.replace(/%.*$/, '')))
    .filter((address) => address !== undefined);
  return [...new Set(addresses)];
}

/**
 * The name by which the cluster knows the node, from a host name.
 * Source: GetHostname in k8s.io/component-helpers/node/util/hostname.go.
 */
export function nodeName(hostName: string): string | undefined {
  return hostName.trim().toLowerCase() || undefined;
}

/**
 * Whether rules for IPv6 are of any use. That ip6tables is there is another question.
 * Source: platformCheckSupported in cmd/kube-proxy/app/server_linux.go.
 */
export async function isIPv6Enabled(root = '/'): Promise<boolean> {
  const present = await access(join(root, '/proc/net/if_inet6')).then(
    () => true,
    () => false,
  );
  return present && (await readText(root, '/proc/sys/net/ipv6/conf/all/disable_ipv6')) !== '1';
}

/** Not where it cannot be read. Source: NewProxier in pkg/proxy/iptables/proxier.go. */
export async function isConntrackLiberal(root = '/'): Promise<boolean> {
  return ((await readSetting(root, '/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal')) ?? 0) !== 0;
}

/**
 * Asked of the kernel, since the process may be bound to a few of them.
 * Source: detectNumCPU in pkg/proxy/conntrack/sysctls.go.
 */
async function countCores(root: string): Promise<number> {
  const online = parsePortRanges((await readText(root, '/sys/devices/system/cpu/online')) ?? '');
  const count = online.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return count > 0 ? count : availableParallelism();
}
