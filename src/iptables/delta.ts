import type { ChainName } from '../chains/names.ts';
import type { Chain, TableName } from '../chains/rule.ts';
import type { DispatchRule, ServiceRules } from '../chains/service-rules.ts';
import { ruleText } from '../chains/text.ts';
import { chainLines, removalLines } from './restore-text.ts';
import { sections, type Sections, type Tuning } from './sections.ts';

/** A rule of a dispatch chain that comes or goes. */
export interface Edit {
  readonly table: TableName;
  readonly chain: ChainName;
  readonly rule: string;
}

/** What turns the kernel's rules of some services into the new ones. */
export interface Delta {
  /** Chains that are new or differ, in an order in which no jump precedes its target. */
  readonly write: readonly { readonly table: TableName; readonly chain: Chain }[];
  readonly remove: readonly { readonly table: TableName; readonly name: ChainName }[];
  readonly insert: readonly Edit[];
  readonly drop: readonly Edit[];
}

const NO_RULES: ServiceRules = { chains: [], dispatch: [] };

/**
 * The difference between two versions of one service's rules; undefined is a service that is not there.
 * Dispatch rules are told apart one by one, so that the chains they share with all other services are
 * edited, not rewritten.
 */
export function serviceDelta(before: ServiceRules | undefined, after: ServiceRules | undefined): Delta {
  const old = before ?? NO_RULES;
  const now = after ?? NO_RULES;
  const oldChains = new Map(old.chains.map((chain) => [chain.name, chainText(chain)]));
  const write = now.chains.filter((chain) => oldChains.get(chain.name) !== chainText(chain));
  for (const { name } of now.chains) oldChains.delete(name);
  const oldEdits = editsOf(old.dispatch);
  const newEdits = editsOf(now.dispatch);
  return {
    write: write.map((chain) => ({ table: 'nat', chain })),
    remove: Array.from(oldChains.keys(), (name) => ({ table: 'nat', name })),
    insert: missingFrom(oldEdits, newEdits),
    drop: missingFrom(newEdits, oldEdits),
  };
}

export function joinDeltas(deltas: readonly Delta[]): Delta {
  return {
    write: deltas.flatMap(({ write }) => write),
    remove: deltas.flatMap(({ remove }) => remove),
    insert: deltas.flatMap(({ insert }) => insert),
    drop: deltas.flatMap(({ drop }) => drop),
  };
}

/** How many rules more there are after the change, by table. */
export function ruleGrowth(before: ServiceRules | undefined, after: ServiceRules | undefined): Growth {
  const old = countRules(before ?? NO_RULES);
  const now = countRules(after ?? NO_RULES);
  return { filter: now.filter - old.filter, nat: now.nat - old.nat };
}

export type Growth = Readonly<Record<TableName, number>>;

export function sumGrowth(growths: readonly Growth[]): Growth {
  return growths.reduce((sum, { filter, nat }) => ({ filter: sum.filter + filter, nat: sum.nat + nat }), {
    filter: 0,
    nat: 0,
  });
}

function countRules({ chains, dispatch }: ServiceRules): Growth {
  const inChains = chains.reduce((sum, { rules }) => sum + Array.from(rules).length, 0);
  const inFilter = dispatch.filter(({ table }) => table === 'filter').length;
  return { filter: inFilter, nat: inChains + dispatch.length - inFilter };
}

export function isEmptyDelta({ write, remove, insert, drop }: Delta): boolean {
  return write.length + remove.length + insert.length + drop.length === 0;
}

/**
 * The input of `iptables-restore --noflush` that carries a delta out. In each table chains come before
 * what leads to them, and go after it. New dispatch rules are put first in their chains: their order
 * carries no meaning, but for the node-port jump, which must stay the last.
 */
export function* deltaLines(delta: Delta, tuning: Tuning): Iterable<string> {
  for (const table of ['filter', 'nat'] as const) {
    const part = partOf(delta, table);
    if (isEmptyDelta(part)) continue;
    yield `*${table}`;
    yield* tableLines(part, sections(table, tuning));
    yield 'COMMIT';
  }
}

function partOf({ write, remove, insert, drop }: Delta, name: TableName): Delta {
  const isOfIt = ({ table }: { readonly table: TableName }): boolean => table === name;
  return {
    write: write.filter(isOfIt),
    remove: remove.filter(isOfIt),
    insert: insert.filter(isOfIt),
    drop: drop.filter(isOfIt),
  };
}

function* tableLines({ write, remove, insert, drop }: Delta, cut: Sections): Iterable<string> {
  for (const { chain } of write) yield* chainLines(chain, cut);
  for (const { chain, rule } of insert) yield `-I ${chain} ${rule}`;
  for (const { chain, rule } of drop) yield `-D ${chain} ${rule}`;
  yield* removalLines(
    remove.map(({ name }) => name),
    cut,
  );
}

function chainText({ rules }: Chain): string {
  return Array.from(rules, ruleText).join('\n');
}

function editsOf(entries: readonly DispatchRule[]): ReadonlyMap<string, Edit> {
  return new Map(
    entries.map(({ table, chain, rule }) => {
      const text = ruleText(rule);
      return [`${table} ${chain} ${text}`, { table, chain, rule: text }];
    }),
  );
}

function missingFrom(some: ReadonlyMap<string, Edit>, others: ReadonlyMap<string, Edit>): readonly Edit[] {
  return [...others].filter(([key]) => !some.has(key)).map(([, edit]) => edit);
}
