import { KUBE_MARK_MASQ, KUBE_NODEPORTS } from '../chains/fixed.ts';
import type { InspectedRule } from '../inspect/inspected-rule.ts';
import type { Program } from '../inspect/program.ts';
import { hostOf, isLoopback, networkAddress, type Address, type Cidr } from '../net/address.ts';
import type { LocalPods, NodePortScope } from '../routing/node-view.ts';

/** Where node ports answer: by the jumps into their chain. */
export function nodePortScopeIn(program: Program): NodePortScope {
  const addresses: Address[] = [];
  for (const { rule } of program.tables.get('nat')?.chains.get('KUBE-SERVICES')?.rules ?? []) {
    const { destination, target } = rule;
    if (target?.kind !== 'jump' || target.chain !== KUBE_NODEPORTS) continue;
    if (destination === undefined) return { kind: 'anyLocalAddress', loopback: true };
    if (destination.not) return { kind: 'anyLocalAddress', loopback: !isLoopbackNet(destination.value) };
    addresses.push(networkAddress(destination.value));
  }
  return { kind: 'addresses', addresses: addresses.sort() };
}

function isLoopbackNet(cidr: Cidr): boolean {
  return isLoopback(networkAddress(cidr));
}

/**
 * How rules tell pods of this node: who is spared masquerading on the way to a cluster IP, or goes round
 * policy Local. Every proxy writes it into the chains of services.
 */
export function localPodsIn(program: Program): LocalPods {
  for (const { name, rules } of program.tables.get('nat')?.chains.values() ?? []) {
    const kind = SERVICE_CHAIN.exec(name)?.[1];
    if (kind === undefined) continue;
    const isOuter = kind === 'EXT-' || kind === 'XLB-';
    for (const { rule } of rules) {
      const pods = isOuter ? podsGoingRound(rule) : podsSpared(rule);
      if (pods !== undefined) return pods;
    }
  }
  return { kind: 'unknown' };
}

const SERVICE_CHAIN = /^KUBE-(SVC-|SVL-|EXT-|XLB-|SERVICES$)/;

function podsSpared({ source, inInterface, target }: InspectedRule): LocalPods | undefined {
  if (target?.kind !== 'jump' || target.chain !== KUBE_MARK_MASQ) return undefined;
  if (source?.not === true) return { kind: 'source', cidr: source.value };
  return inInterface?.not === true ? { kind: 'interface', name: inInterface.value } : undefined;
}

function podsGoingRound({ source, inInterface, target }: InspectedRule): LocalPods | undefined {
  if (target?.kind !== 'jump' || !target.chain.startsWith('KUBE-SVC-')) return undefined;
  if (source?.not === false) return { kind: 'source', cidr: source.value };
  return inInterface?.not === false ? { kind: 'interface', name: inInterface.value } : undefined;
}

/** Whom a firewall chain lets in; the entry's own address stands for the node itself. */
export function sourceRangesIn(rules: Iterable<InspectedRule>, own: Address | undefined): readonly Cidr[] {
  const ranges = new Set<Cidr>();
  for (const { source, target } of rules) {
    if (source === undefined || source.not || target?.kind !== 'jump') continue;
    if (own !== undefined && hostOf(source.value) === own) continue;
    ranges.add(source.value);
  }
  return [...ranges].sort();
}
