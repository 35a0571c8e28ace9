import { KUBE_FIREWALL } from '../chains/fixed.ts';
import type { Chain, Jump, Rule, Ruleset, Table, TableName } from '../chains/rule.ts';
import { ruleText } from '../chains/text.ts';
import { fingerprintOf, holdsNothing, type Snapshot, type TableSnapshot } from './snapshot.ts';

/** What a full sync has to change in one table. */
export interface TablePlan {
  readonly table: Table;
  /** Chains that the kernel lacks or holds otherwise; 'all' for an empty kernel, unread. */
  readonly write: ReadonlySet<string> | 'all';
  /** Of chains; infinite for an empty kernel that nothing was written to yet. */
  readonly writeCount: number;
  /** Rules of ours in the table, once the plan is carried out; for an empty kernel unknown before that. */
  readonly ruleCount: number;
  /** Chains of services that are gone. */
  readonly remove: readonly string[];
  /** In the order in which they are to stand, the first evaluated first. */
  readonly jumps: readonly Jump[];
  /** Others' rules may stand where our jumps go: ours are put first, not last. */
  readonly prepend: boolean;
}

/** What a full sync has to change, by table. */
export type Plan = readonly TablePlan[];

/** The plan for a kernel that holds nothing, which needs no comparison. */
export function planForEmpty(ruleset: Ruleset): Plan {
  return ruleset.tables.map((table) => emptyTablePlan(table, false));
}

/**
 * Compares the ruleset with what the kernel holds.
 *
 * @param keep services whose chains stay as the kernel has them, since it refuses the new ones
 */
export function plan(ruleset: Ruleset, snapshot: Snapshot, keep: ReadonlySet<string> = new Set()): Plan {
  return ruleset.tables.map((table) => tablePlan(table, snapshot[table.name], keep));
}

export function isNothingToDo(tables: Plan): boolean {
  return tables.every(({ writeCount, remove, jumps }) => writeCount + remove.length + jumps.length === 0);
}

/** How many chains of which table a plan writes and removes; for logs and metrics. */
export function planCounts(tables: Plan): Readonly<Record<TableName, { written: number; removed: number }>> {
  const count = (name: TableName) => {
    const found = tables.find(({ table }) => table.name === name);
    return { written: found?.writeCount ?? 0, removed: found?.remove.length ?? 0 };
  };
  return { filter: count('filter'), nat: count('nat') };
}

/** Rules of ours by table, once a plan is carried out. */
export function ruleCounts(tables: Plan): Readonly<Record<TableName, number>> {
  const count = (name: TableName) => tables.find(({ table }) => table.name === name)?.ruleCount ?? 0;
  return { filter: count('filter'), nat: count('nat') };
}

function tablePlan(table: Table, kernel: TableSnapshot, keep: ReadonlySet<string>): TablePlan {
  // Others may have rules of their own all the same.
  if (holdsNothing(kernel)) return emptyTablePlan(table, true);
  const write = new Set<string>();
  const stale = new Set(kernel.serviceChains);
  let ruleCount = 0;
  for (const chain of table.chains()) {
    stale.delete(chain.name);
    const rules = Array.from(chain.rules, ruleText);
    ruleCount += rules.length;
    if (chain.service !== undefined && keep.has(chain.service)) continue;
    if (!isInKernel(chain.name, rules, kernel)) write.add(chain.name);
  }
  const jumps = table.jumps.filter(({ from, rule }) => !kernel.jumps.has(`-A ${from} ${ruleText(rule)}`));
  return {
    table,
    write,
    writeCount: write.size,
    ruleCount,
    // Kept chains may still jump to any of them; once nothing is kept they go.
    remove: keep.size > 0 ? [] : [...stale],
    jumps,
    prepend: true,
  };
}

/** Nothing to compare with: what there is to write is counted when it is written, not made twice. */
function emptyTablePlan(table: Table, prepend: boolean): TablePlan {
  const count = { chains: Infinity, rules: NaN };
  return {
    table: { ...table, chains: () => countingChains(table.chains(), count) },
    write: 'all',
    get writeCount() {
      return count.chains;
    },
    get ruleCount() {
      return count.rules;
    },
    remove: [],
    jumps: table.jumps,
    prepend,
  };
}

/** The same chains; the count stands once all of them, with their rules, were walked. */
function* countingChains(chains: Iterable<Chain>, count: { chains: number; rules: number }): Iterable<Chain> {
  const seen: Seen = { chains: 0, walked: 0, rules: 0 };
  for (const chain of chains) {
    seen.chains += 1;
    yield { ...chain, rules: new CountedRules(chain.rules, seen) };
  }
  if (seen.walked !== seen.chains) return;
  count.chains = seen.chains;
  count.rules = seen.rules;
}

interface Seen {
  chains: number;
  walked: number;
  rules: number;
}

/**
 * Rules that are counted when they are walked for the first time: some writers look at a chain before they write
 * it. A class, since V8 makes a hidden class of its own for every object with an iterator of its own, which
 * no collection of young garbage takes away: with 10,000 services x 10 endpoints 170 MB of them.
 */
class CountedRules implements Iterable<Rule> {
  private isWalked = false;
  private readonly rules: Iterable<Rule>;
  private readonly seen: Seen;

  constructor(rules: Iterable<Rule>, seen: Seen) {
    this.rules = rules;
    this.seen = seen;
  }

  *[Symbol.iterator](): Iterator<Rule> {
    let length = 0;
    for (const rule of this.rules) {
      length += 1;
      yield rule;
    }
    if (this.isWalked) return;
    this.isWalked = true;
    this.seen.walked += 1;
    this.seen.rules += length;
  }
}

function isInKernel(name: string, rules: readonly string[], kernel: TableSnapshot): boolean {
  const there = kernel.chains.get(name);
  if (there === undefined) return false;
  // Without rules of ours the kubelet's chain is its own affair: emptying it would take its rules.
  if (name === KUBE_FIREWALL && rules.length === 0) return true;
  return there === fingerprintOf(name, rules);
}
