import { DISPATCH_CHAINS, isLastRule } from '../chains/fixed.ts';
import { isEndpointGroup, isTreeChain } from '../chains/names.ts';
import type { Chain, Ruleset } from '../chains/rule.ts';
import { appendLine, ruleText } from '../chains/text.ts';
import { compareText } from '../routing/endpoints.ts';
import { planForEmpty, type Plan, type TablePlan } from './plan.ts';
import { PLAIN, sections, type Sections, type Tuning } from './sections.ts';

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
  const cut = sections(table.name, tuning);
  yield `*${table.name}`;
  for (const chain of table.chains()) {
    if (write !== 'all' && !write.has(chain.name)) continue;
    if (tuning.dispatchByTarget && DISPATCH_CHAINS.has(chain.name)) yield* dispatchByTarget(chain, cut);
    else yield* chainLines(chain, cut);
  }
  const jumps = plan.jumps.map(({ from, rule }) => ({ from, text: ruleText(rule) }));
  if (plan.prepend) for (const { from, text } of jumps.reverse()) yield `-I ${from} ${text}`;
  else for (const { from, text } of jumps) yield `-A ${from} ${text}`;
  yield* removalLines(remove, cut);
  yield 'COMMIT';
}

export function* chainLines(chain: Chain, cut: Sections): Iterable<string> {
  yield* cut.before(chain);
  yield declaration(chain.name);
  const rules = yield* ruleLines(chain);
  // Each rule of a dispatch tree, or of a group of endpoints, names a chain of its own.
  const named = isTreeChain(chain.name) || isEndpointGroup(chain.name) ? rules : 0;
  cut.count(1 + named);
}

function* dispatchByTarget(chain: Chain, cut: Sections): Iterable<string> {
  yield* cut.before(chain);
  yield declaration(chain.name);
  yield* byTarget(ruleLines(chain));
  cut.count(1);
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

/**
 * Chains to be deleted may jump to each other: all are emptied before the first is deleted. Nothing else leads
 * to any of them, so that a section may end anywhere.
 */
export function* removalLines(names: readonly string[], cut: Sections): Iterable<string> {
  for (const lineOf of [declaration, (name: string) => `-X ${name}`]) {
    for (const name of names) {
      yield* cut.anywhere();
      yield lineOf(name);
      cut.count(1);
    }
  }
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
