import { KUBE_MARK_MASQ, KUBE_NODEPORTS } from '../chains/fixed.ts';
import { treeKindOf } from '../chains/names.ts';
import type { EntryKind } from '../inspect/check/claims.ts';
import type { InspectedRule } from '../inspect/inspected-rule.ts';
import type { Program } from '../inspect/program.ts';
import type { Protocol } from '../model/objects.ts';
import {
  addressBits,
  familyOf,
  networkAddress,
  prefixLengthOf,
  type Address,
  type Cidr,
} from '../net/address.ts';

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
export function dispatchEntries({ tables }: Program): ReadonlyMap<string, DispatchEntry> {
  const entries = new Map<string, DispatchEntry>();
  // The nat table first: what the filter table says of the same entry is a firewall.
  for (const table of ['nat', 'filter']) {
    for (const { name, rules } of tables.get(table)?.chains.values() ?? []) {
      if (!DISPATCH.test(name) && treeKindOf(name) === undefined) continue;
      for (const { rule } of rules) {
        const entry = entryOf(table, name, rule);
        if (entry === undefined) continue;
        const before = entries.get(entryKey(entry));
        if (before === undefined || before.service === '') entries.set(entryKey(entry), entry);
      }
    }
  }
  return entries;
}

const DISPATCH = /^KUBE-(?:SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL)$/;

function entryOf(table: string, chain: string, rule: InspectedRule): DispatchEntry | undefined {
  const { destination, protocol, matches } = rule;
  const port = matches.find((match) => match.kind === 'destinationPort')?.port;
  if (port === undefined || protocol === undefined || !leadsOn(rule)) return undefined;
  const address = destination === undefined || destination.not ? undefined : hostIn(destination.value);
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

/** `web/shop:http` of `web/shop:http cluster IP`; older proxies leave a colon behind a bare name. */
function labelIn(rule: InspectedRule): string | undefined {
  const label = /^([a-z0-9.-]+\/[a-z0-9.-]+(?::[a-z0-9-]*)?)(?: |$)/.exec(commentOf(rule))?.[1];
  return label?.replace(/:$/, '');
}

function commentOf({ matches }: InspectedRule): string {
  return matches.find((match) => match.kind === 'comment')?.text ?? '';
}

function hostIn(cidr: Cidr): Address | undefined {
  return prefixLengthOf(cidr) === addressBits(familyOf(cidr)) ? networkAddress(cidr) : undefined;
}
