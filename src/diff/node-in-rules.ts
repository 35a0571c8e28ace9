import { KUBE_NODEPORTS } from '../chains/fixed.ts';
import type { InspectedRule } from '../inspect/inspected-rule.ts';
import type { Program } from '../inspect/program.ts';
import { hostOf, isLoopback, networkAddress, type Address, type Cidr } from '../net/address.ts';
import type { NodePortScope } from '../routing/node-view.ts';

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
