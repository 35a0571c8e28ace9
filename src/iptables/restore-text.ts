import { DISPATCH_CHAINS } from '../chains/fixed.ts';
import { isTreeChain } from '../chains/names.ts';
import type { Chain, Ruleset, TableName } from '../chains/rule.ts';
import { appendLine, ruleText } from '../chains/text.ts';
import { compareText } from '../routing/endpoints.ts';
import { isLastRule } from './fingerprint.ts';
import { planForEmpty, type Plan, type TablePlan } from './plan.ts';

/** Big enough that writing costs little, small enough that the whole text is never in memory. */
const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;

/**
 * The text that `iptables-restore --noflush` loads into an empty network namespace, jumps included,
 * a line at a time. Each chain is declared where its rules stand, and no rule names a later chain.
 */
export function restoreLines(ruleset: Ruleset): Iterable<string> {
  return planLines(planForEmpty(ruleset));
}

/** What makes a long input cheap for one tool or the other, and means the same. */
export interface Tuning {
  /**
   * Begins a new section, which is committed on its own, after so many chains, by how many of the table were
   * written before it. The chains of a service always share one, and what leads to them is in a later one: at
   * no time can a packet be led to a chain that is missing or half filled. A chain of a dispatch tree, old or
   * new, leads to all services under its prefix, whichever of the chains below it have been written yet.
   */
  readonly sectionChains: (before: number) => number;
  /** Writes the rules of dispatch chains in the descending order of the chains that they lead to. */
  readonly dispatchByTarget: boolean;
}

const PLAIN: Tuning = { sectionChains: () => Infinity, dispatchByTarget: false };

/**
 * The input of `iptables-restore --noflush` that carries a plan out. Declaring a chain empties it.
 * Rules of others are not touched.
 */
export function* planLines(plan: Plan, tuning: Tuning = PLAIN): Iterable<string> {
  for (const table of plan) {
    if (table.writeCount + table.remove.length + table.jumps.length === 0) continue;
    yield* tableLines(table, tuning);
  }
}

function* tableLines(plan: TablePlan, tuning: Tuning): Iterable<string> {
  const { table, write, remove } = plan;
  const { sectionChains, dispatchByTarget } = tuning;
  yield `*${table.name}`;
  let inSection = 0;
  let before = 0;
  let service: string | undefined;
  for (const chain of table.chains()) {
    if (write !== 'all' && !write.has(chain.name)) continue;
    const ofTree = isTreeChain(chain.name);
    if (inSection >= sectionChains(before) && (ofTree || chain.service !== service)) {
      yield* sectionBreak(table.name);
      before += inSection;
      inSection = 0;
    }
    service = chain.service;
    inSection += 1;
    yield declaration(chain.name);
    if (dispatchByTarget && DISPATCH_CHAINS.has(chain.name)) yield* byTarget(ruleLines(chain));
    else {
      const ruleCount = yield* ruleLines(chain);
      // Each rule of a dispatch tree names a chain of its own.
      if (ofTree) inSection += ruleCount;
    }
  }
  const jumps = plan.jumps.map(({ from, rule }) => ({ from, text: ruleText(rule) }));
  if (plan.prepend) for (const { from, text } of jumps.reverse()) yield `-I ${from} ${text}`;
  else for (const { from, text } of jumps) yield `-A ${from} ${text}`;
  yield* removalLines(remove);
  yield 'COMMIT';
}

function* sectionBreak(table: TableName): Iterable<string> {
  yield 'COMMIT';
  yield `*${table}`;
}

export function* chainLines(chain: Chain): Iterable<string> {
  yield declaration(chain.name);
  yield* ruleLines(chain);
}

function declaration(name: string): string {
  return `:${name} - [0:0]`;
}

/** @returns how many there were */
function* ruleLines({ name, rules }: Chain): Generator<string, number> {
  let count = 0;
  for (const rule of rules) {
    yield appendLine(name, rule);
    count += 1;
  }
  return count;
}

/** The jumps that must come last stay last. */
function byTarget(lines: Iterable<string>): readonly string[] {
  const rules = [...lines];
  const last = rules.filter(isLastRule);
  const targetOf = (rule: string): string => rule.slice(rule.lastIndexOf(' ') + 1);
  const others = rules.filter((rule) => !isLastRule(rule)).map((rule) => ({ rule, target: targetOf(rule) }));
  others.sort((a, b) => compareText(b.target, a.target));
  return [...others.map(({ rule }) => rule), ...last];
}

/** Chains to be deleted may jump to each other: all are emptied before the first is deleted. */
export function* removalLines(names: readonly string[]): Iterable<string> {
  for (const name of names) yield declaration(name);
  for (const name of names) yield `-X ${name}`;
}

/**
 * Lines, each ended, gathered into pieces of about 64 KB. The text is ASCII. A line is copied as soon
 * as it is made: joining strings would keep all their parts alive until the piece is full.
 */
export function* chunks(lines: Iterable<string>): Iterable<Buffer> {
  let chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 1 > chunk.length) {
      if (length > 0) yield chunk.subarray(0, length);
      chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, line.length + 1));
      length = 0;
    }
    length += chunk.write(line, length, 'latin1');
    chunk[length] = NEWLINE;
    length += 1;
  }
  if (length > 0) yield chunk.subarray(0, length);
}
