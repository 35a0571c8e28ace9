import type { ConntrackSettings, Milliseconds } from '../model/settings.ts';
import { ensureSetting, readSetting, type KernelSetting, type SettingOutcome } from './kernel-setting.ts';

const NETFILTER = '/proc/sys/net/netfilter';
const CONNTRACK_MAX = `${NETFILTER}/nf_conntrack_max`;
const HASH_SIZE = '/sys/module/nf_conntrack/parameters/hashsize';
const ROUTE_LOCALNET = '/proc/sys/net/ipv4/conf/all/route_localnet';

/** More entries than this would take gigabytes on machines with many cores. */
const MOST_ENTRIES = 1_048_576;
/** Entries that share a bucket of the hash table when it is full. */
const ENTRIES_PER_BUCKET = 4;

/**
 * Sets what the configuration says of connection tracking. All of it is tried, whatever is refused.
 *
 * Source: setSysctls in pkg/proxy/conntrack/sysctls.go.
 *
 * @param root where /proc and /sys are found, `/` but in tests
 */
export async function applyConntrackSysctls(
  settings: ConntrackSettings,
  cores: number,
  root = '/',
): Promise<readonly SettingOutcome[]> {
  const outcomes: SettingOutcome[] = [];
  const max = conntrackMax(settings, cores);
  if (max > 0) outcomes.push(...(await ensureMax(root, max)));
  for (const setting of conntrackSettings(settings)) outcomes.push(await ensureSetting(root, setting));
  return outcomes;
}

/**
 * Lets packets from 127.0.0.1 leave for an endpoint, which localhost node ports need. To be called where
 * the node's view has `localhostNodePorts`; without it those ports do not answer.
 *
 * Source: NewProxier in pkg/proxy/iptables/proxier.go.
 */
export async function allowLocalhostNodePorts(root = '/'): Promise<SettingOutcome> {
  return await ensureSetting(root, { path: ROUTE_LOCALNET, value: 1 });
}

/**
 * Whether a proxy that was refused this must not go on. kube-proxy 1.36 ends at any refusal, of
 * route_localnet as well. We go on with a small hash table: it makes a full table slower and nothing
 * wrong, and hosts of containers often show /sys read-only (kube-proxy made that an Event too until it
 * dropped the special case). And we go on without connection tracking: the first rules load it, and its
 * settings are made then.
 */
export function isFatal(outcome: SettingOutcome): boolean {
  return outcome.kind === 'refused' && outcome.path !== HASH_SIZE && outcome.reason !== 'missing';
}

/** 0 leaves the kernel's value. Source: getConntrackMax in pkg/proxy/conntrack/sysctls.go. */
export function conntrackMax({ maxPerCore, min }: ConntrackSettings, cores: number): number {
  if (maxPerCore <= 0) return 0;
  const scaled = maxPerCore * cores;
  return scaled > MOST_ENTRIES ? MOST_ENTRIES : Math.max(scaled, min);
}

/** The kernel lets the table be larger than its hash table is good for: that has to follow. */
async function ensureMax(root: string, max: number): Promise<readonly SettingOutcome[]> {
  const outcome = await ensureSetting(root, { path: CONNTRACK_MAX, value: max });
  if (outcome.kind === 'refused') return [outcome];
  const buckets = Math.floor(max / ENTRIES_PER_BUCKET);
  const hashSize = await readSetting(root, HASH_SIZE);
  if (hashSize !== undefined && hashSize >= buckets) return [outcome];
  return [outcome, await ensureSetting(root, { path: HASH_SIZE, value: buckets })];
}

function conntrackSettings(settings: ConntrackSettings): readonly KernelSetting[] {
  const { tcpEstablishedTimeout, tcpCloseWaitTimeout, tcpBeLiberal, udpTimeout, udpStreamTimeout } = settings;
  return [
    ...timeout('tcp_timeout_established', tcpEstablishedTimeout),
    ...timeout('tcp_timeout_close_wait', tcpCloseWaitTimeout),
    ...(tcpBeLiberal ? [{ path: `${NETFILTER}/nf_conntrack_tcp_be_liberal`, value: 1 }] : []),
    ...timeout('udp_timeout', udpTimeout),
    ...timeout('udp_timeout_stream', udpStreamTimeout),
  ];
}

function timeout(name: string, duration: Milliseconds): readonly KernelSetting[] {
  if (duration <= 0) return [];
  return [{ path: `${NETFILTER}/nf_conntrack_${name}`, value: Math.floor(duration / 1_000) }];
}
