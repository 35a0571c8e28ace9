import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool, ToolError, type Command } from '../iptables/tool.ts';
import type { Fate } from './fate.ts';

/** The interface that holds the services' addresses in kube-proxy's ipvs mode. */
const DEVICE = 'kube-ipvs0';
const VIRTUAL_SERVERS = 'virtual servers of ipvs';

const LONGEST_SET_NAME = 31;

/** The sets of kube-proxy's ipvs mode; IPv6 has its own of each. Source: pkg/proxy/ipvs/ipset.go. */
const SETS: ReadonlySet<string> = new Set(
  [
    ...['LOOP-BACK', 'CLUSTER-IP', 'EXTERNAL-IP', 'EXTERNAL-IP-LOCAL', 'IPVS-IPS', 'HEALTH-CHECK-NODE-PORT'],
    ...['LOAD-BALANCER', 'LOAD-BALANCER-LOCAL', 'LOAD-BALANCER-FW'],
    ...['LOAD-BALANCER-SOURCE-IP', 'LOAD-BALANCER-SOURCE-CIDR'],
    ...['NODE-PORT-TCP', 'NODE-PORT-UDP', 'NODE-PORT-SCTP-HASH'],
    ...['NODE-PORT-LOCAL-TCP', 'NODE-PORT-LOCAL-UDP', 'NODE-PORT-LOCAL-SCTP-HASH'],
  ].flatMap((name) => [`KUBE-${name}`, `KUBE-6-${name}`.slice(0, LONGEST_SET_NAME)]),
);

/**
 * Whether the interface of kube-proxy's ipvs mode is there: with it every address of a service is one of the
 * node's own, and packets to it never come by the rules for forwarding.
 *
 * @param root where /proc is found, `/` but in tests
 */
export async function hasIpvsDevice(root = '/'): Promise<boolean> {
  const devices = await readOrNothing(join(root, 'proc/net/dev'));
  return devices.split('\n').some((line) => line.trim().startsWith(`${DEVICE}:`));
}

/**
 * Removes virtual servers and the interface. kube-proxy empties all of ipvs, whoever filled it; here that is
 * done only where the interface shows that kube-proxy did.
 *
 * Source: cleanupLeftovers in pkg/proxy/ipvs/cleanup.go.
 */
export async function removeIpvs(root = '/'): Promise<readonly Fate[]> {
  const fates: Fate[] = [];
  const isTheirs = await hasIpvsDevice(root);
  if (await hasVirtualServers(root)) {
    fates.push(
      isTheirs
        ? await removeBy(['ipvsadm', '-C'], VIRTUAL_SERVERS)
        : {
            kind: 'left',
            what: VIRTUAL_SERVERS,
            why: `they may be another program's: there is no ${DEVICE}`,
          },
    );
  }
  if (isTheirs)
    fates.push(await removeBy(['ip', 'link', 'delete', DEVICE, 'type', 'dummy'], `interface ${DEVICE}`));
  return fates;
}

/**
 * Removes the sets of addresses. Rules of iptables that use them must have gone before, or the kernel keeps
 * them.
 */
export async function removeIpsets(): Promise<readonly Fate[]> {
  const names: string[] = [];
  try {
    await runTool(['ipset', 'list', '-name'], { onLine: (line) => names.push(line.trim()) });
  } catch (error) {
    if (error instanceof ToolError && error.kind === 'missing') return [];
    return [{ kind: 'failed', what: 'sets of ipset', why: String(error) }];
  }
  const fates: Fate[] = [];
  for (const name of names.filter((each) => SETS.has(each))) {
    fates.push(await removeBy(['ipset', 'destroy', name], `set ${name} of ipset`));
  }
  return fates;
}

/** The first three lines are headings. */
async function hasVirtualServers(root: string): Promise<boolean> {
  const text = await readOrNothing(join(root, 'proc/net/ip_vs'));
  return text.trimEnd().split('\n').length > 3;
}

async function removeBy(command: Command, what: string): Promise<Fate> {
  try {
    await runTool(command);
    return { kind: 'removed', what };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    if (error.kind === 'missing') return { kind: 'left', what, why: `${command[0]} is not installed` };
    return { kind: 'failed', what, why: error.message };
  }
}

/** A kernel without ipvs has no such file. */
async function readOrNothing(file: string): Promise<string> {
  return await readFile(file, 'latin1').catch(() => '');
}
