import { KUBE_NODEPORTS } from '../chains/fixed.ts';
import { olderLabel, serviceChainName, treeKindOf } from '../chains/names.ts';
import { commentOf, dispatchRules, labelIn } from '../inspect/dispatch-rules.ts';
import type { InspectedRule } from '../inspect/inspected-rule.ts';
import type { Program } from '../inspect/program.ts';
import { hostOf, type Address } from '../net/address.ts';
import type { Entry } from './entries.ts';

/**
 * The ways into a service, found in the rules alone: by their comments, and where there are none by the names
 * of chains, which are hashes of the service port's name, in kube-proxy's spelling of today and of before 1.18.
 *
 * @param asked `namespace/name`, or `namespace/name:port`
 * @param nodeAddress stands for the node where a node port is found
 */
export function entriesOfRules(program: Program, asked: string, nodeAddress: Address): readonly Entry[] {
  const entries = new Map<string, Entry>();
  for (const { table, chain, rule } of dispatchRules(program)) {
    const service = serviceOf(rule, asked);
    const entry = service === undefined ? undefined : entryOf(table, chain, rule, service, nodeAddress);
    if (entry === undefined) continue;
    // The nat table comes first, and tells more.
    const key = `${entry.protocol} ${entry.address} ${entry.port}`;
    if (!entries.has(key)) entries.set(key, entry);
  }
  return [...entries.values()].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

const ORDER: readonly Entry['kind'][] = ['clusterIP', 'externalIP', 'loadBalancerIP', 'nodePort'];

/** Every service that comments tell of, without ports, sorted. */
export function servicesInRules(program: Program): readonly string[] {
  const names = [...dispatchRules(program)].map(({ rule }) => labelIn(rule)?.replace(/:.*$/, ''));
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function serviceOf(rule: InspectedRule, asked: string): string | undefined {
  const label = labelIn(rule);
  if (label !== undefined) return label === asked || label.startsWith(`${asked}:`) ? label : undefined;
  const { target, protocol } = rule;
  if (target?.kind !== 'jump' || protocol === undefined) return undefined;
  const hash = /^KUBE-(?:SVC|SVL|EXT|FW|XLB)-(.+)$/.exec(target.chain)?.[1];
  const known = [asked, olderLabel(asked)].map((name) => serviceChainName('SVC', name, protocol));
  return hash !== undefined && known.some((name) => name.endsWith(`-${hash}`)) ? asked : undefined;
}

function entryOf(
  table: string,
  chain: string,
  { destination, protocol, matches, target }: InspectedRule,
  service: string,
  nodeAddress: Address,
): Entry | undefined {
  const port = matches.find((match) => match.kind === 'destinationPort')?.port;
  // Others than jumps and refusals only mark: the way into the service is another rule.
  const leads =
    target?.kind === 'jump' ? target.chain !== 'KUBE-MARK-MASQ' : /^(?:reject|drop)/.test(target?.kind ?? '');
  if (port === undefined || protocol === undefined || !leads) return undefined;
  const host = destination === undefined || destination.not ? undefined : hostOf(destination.value);
  if (host === undefined) {
    const isNodePort = chain === KUBE_NODEPORTS || treeKindOf(chain) === 'NP' || table === 'filter';
    return isNodePort ? { kind: 'nodePort', service, protocol, address: nodeAddress, port } : undefined;
  }
  return { kind: kindOf(chain, commentOf({ matches }), target), service, protocol, address: host, port };
}

/** Older proxies send what comes to outer addresses to the chain of cluster IPs, but say so in comments. */
function kindOf(chain: string, comment: string, target: InspectedRule['target']): Entry['kind'] {
  if (comment.endsWith(' external IP')) return 'externalIP';
  const isOuter =
    comment.endsWith(' loadbalancer IP') ||
    /^KUBE-(?:EXTERNAL-SERVICES$|PROXY-FIREWALL$|RE-|LB-)/.test(chain) ||
    (target?.kind === 'jump' && /^KUBE-(?:EXT|FW|XLB)-/.test(target.chain));
  return isOuter ? 'loadBalancerIP' : 'clusterIP';
}
