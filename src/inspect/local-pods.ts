import { KUBE_MARK_MASQ } from '../chains/fixed.ts';
import type { LocalPods } from '../routing/node-view.ts';
import type { InspectedRule } from './inspected-rule.ts';
import type { Program } from './program.ts';

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
