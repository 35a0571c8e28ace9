import type { Ruleset, Table } from '../../../../src/chains/rule.ts';
import { DISPATCH_CHAINS } from '../../../../src/chains/fixed.ts';
import { ruleText } from '../../../../src/chains/text.ts';

/**
 * The input that kube-proxy gives iptables-restore for the same rules: in each table all chains are declared
 * before the first rule, and however little has changed the dispatch chains are written whole, since all
 * services' rules are in them. Source: the end of syncProxyRules in pkg/proxy/iptables/proxier.go.
 *
 * @param services whose own chains are written; 'all' is a full sync of an empty kernel
 */
export function* kubeProxyText(ruleset: Ruleset, services: ReadonlySet<string> | 'all'): Iterable<string> {
  for (const table of ruleset.tables) yield* tableText(table, services);
}

function* tableText(table: Table, services: ReadonlySet<string> | 'all'): Iterable<string> {
  const chains = [...table.chains()].filter(
    ({ name, service }) =>
      services === 'all' || (service === undefined ? DISPATCH_CHAINS.has(name) : services.has(service)),
  );
  yield `*${table.name}`;
  for (const { name } of chains) yield `:${name} - [0:0]`;
  for (const { name, rules } of chains) for (const rule of rules) yield `-A ${name} ${ruleText(rule)}`;
  if (services === 'all') for (const { from, rule } of table.jumps) yield `-A ${from} ${ruleText(rule)}`;
  yield 'COMMIT';
}
