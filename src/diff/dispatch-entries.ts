import { KUBE_MARK_MASQ, KUBE_NODEPORTS } from '../chains/fixed.ts';
import { treeKindOf } from '../chains/names.ts';
import type { EntryKind } from '../inspect/check/claims.ts';
import { commentOf, dispatchRules, labelIn } from '../inspect/dispatch-rules.ts';
import type { InspectedRule } from '../inspect/inspected-rule.ts';
import type { Program } from '../inspect/program.ts';
import type { Protocol } from '../model/objects.ts';
import { hostOf, type Address } from '../net/address.ts';

/** An address and port that rules give to a service. */
export interface DispatchEntry {
  readonly kind: EntryKind;
  readonly service: string;
  readonly protocol: Protocol;
  /** undefined of a node port. */
  readonly address: Address | undefined;
  readonly port: number;
}

/** The same for the same entry in whatever rules. */
export function entryKey({ protocol, address, port }: Omit<DispatchEntry, 'kind' | 'service'>): string {
  return `${protocol} ${address ?? 'node'} ${port}`;
}

/**
 * Every way into a service that rules have, of either layout and of any kube-proxy since 1.18: what the
 * dispatch chains of both tables jump from, or turn away.
 */
export function dispatchEntries(program: Program): ReadonlyMap<string, DispatchEntry> {
  const entries = new Map<string, DispatchEntry>();
  // What the filter table says of the same entry is a firewall.
  for (const { table, chain, rule } of dispatchRules(program)) {
    const entry = entryOf(table, chain, rule);
    if (entry === undefined) continue;
    const before = entries.get(entryKey(entry));
    if (before === undefined || before.service === '') entries.set(entryKey(entry), entry);
  }
  return entries;
}

function entryOf(table: string, chain: string, rule: InspectedRule): DispatchEntry | undefined {
  const { destination, protocol, matches } = rule;
  const port = matches.find((match) => match.kind === 'destinationPort')?.port;
  if (port === undefined || protocol === undefined || !leadsOn(rule)) return undefined;
  const address = destination === undefined || destination.not ? undefined : hostOf(destination.value);
  const isNodePort = chain === KUBE_NODEPORTS || treeKindOf(chain) === 'NP' || table === 'filter';
  if (address === undefined && !isNodePort) return undefined;
  const service = labelIn(rule) ?? '';
  return { kind: kindOf(address, chain, rule), service, protocol, address, port };
}

/** Other rules only mark: the way into the service is the next one. */
function leadsOn({ target }: InspectedRule): boolean {
  if (target?.kind === 'jump' || target?.kind === 'goto') {
    return target.chain !== KUBE_MARK_MASQ && treeKindOf(target.chain) === undefined;
  }
  return target?.kind === 'reject' || target?.kind === 'rejectWith' || target?.kind === 'drop';
}

/** By the comment, and where there is none by what kind of chain the rule leads to. */
function kindOf(address: Address | undefined, chain: string, rule: InspectedRule): EntryKind {
  if (address === undefined) return 'nodePort';
  const comment = commentOf(rule);
  if (comment.endsWith('cluster IP')) return 'clusterIP';
  if (comment.endsWith('external IP')) return 'externalIP';
  if (comment.endsWith('loadbalancer IP')) return 'loadBalancerIP';
  const target = rule.target?.kind === 'jump' ? rule.target.chain : '';
  if (/^KUBE-(?:FW|XLB)-/.test(target) || chain === 'KUBE-PROXY-FIREWALL') return 'loadBalancerIP';
  const isExternal = chain === 'KUBE-EXTERNAL-SERVICES' || treeKindOf(chain) === 'RE';
  return isExternal || target.startsWith('KUBE-EXT-') ? 'externalIP' : 'clusterIP';
}
