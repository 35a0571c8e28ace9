import { treeKindOf } from '../chains/names.ts';
import type { InspectedRule } from './inspected-rule.ts';
import type { Program, ProgramChain } from './program.ts';

/** A rule of a chain that tells services apart. */
export interface DispatchRule {
  readonly table: string;
  readonly chain: string;
  readonly rule: InspectedRule;
}

const DISPATCH = /^KUBE-(?:SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL)$/;

/** The rules of all dispatch chains, of either layout: the nat table first, which tells more. */
export function* dispatchRules({ tables }: Program): Iterable<DispatchRule> {
  for (const table of ['nat', 'filter']) {
    const chains: Iterable<ProgramChain> = tables.get(table)?.chains.values() ?? [];
    for (const { name: chain, rules } of chains) {
      if (!DISPATCH.test(chain) && treeKindOf(chain) === undefined) continue;
      for (const { rule } of rules) yield { table, chain, rule };
    }
  }
}

/** `web/shop:http` of `web/shop:http cluster IP`; older proxies leave a colon behind a bare name. */
export function labelIn(rule: InspectedRule): string | undefined {
  const found = /^([a-z0-9.-]+\/[a-z0-9.-]+(?::[a-z0-9-]*)?)(?: |$)/.exec(commentOf(rule))?.[1];
  return found?.replace(/:$/, '');
}

/** Empty where there is none. */
export function commentOf({ matches }: Pick<InspectedRule, 'matches'>): string {
  return matches.find((match) => match.kind === 'comment')?.text ?? '';
}
