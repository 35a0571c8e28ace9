import { rulesetOf, type Layout } from '../chains/layout.ts';
import type { Chain, Table } from '../chains/rule.ts';
import { programOf, type Program } from '../inspect/program.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { MadeRules } from './made-rules.ts';

/**
 * The rules of a node that has but this service: what every node has, and the very rules of the service that
 * are about to be written.
 */
export function programOfService(rules: MadeRules, layout: Layout, view: NodeView): Program {
  const bare = rulesetOf(layout, [], view);
  return programOf({ ...bare, tables: bare.tables.map((table) => withRules(table, rules)) });
}

function withRules(table: Table, { chains, dispatch, ways }: MadeRules): Table {
  const onTheWay = ways.filter((way) => way.table === table.name).map(({ chain }) => chain);
  const replaced = new Set(onTheWay.map(({ name }) => name));
  const withEntries = (chain: Chain): Chain => {
    const entries = dispatch.filter((entry) => entry.table === table.name && entry.chain === chain.name);
    if (entries.length === 0) return chain;
    return { ...chain, rules: [...entries.map(({ rule }) => rule), ...chain.rules] };
  };
  return {
    ...table,
    *chains() {
      for (const chain of table.chains()) if (!replaced.has(chain.name)) yield withEntries(chain);
      yield* onTheWay;
      if (table.name === 'nat') yield* chains;
    },
  };
}
