import type { Ruleset, Table } from '../chains/rule.ts';
import { ruleText } from '../chains/text.ts';
import { EMPTY_STATE, type KernelState, type TableState } from './kernel-state.ts';

/** Big enough that writing costs little, small enough that the whole text is never in memory. */
const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;

/**
 * The input of `iptables-restore --noflush` that turns what the kernel holds into the ruleset, a line
 * at a time; without a state, for an empty network namespace. Each chain is declared (which empties
 * it) where its rules stand, and no rule names a later chain. Rules of others are not touched: jumps
 * that are missing are put first in their chains, those that are there stay where they are.
 */
export function* restoreLines(ruleset: Ruleset, state: KernelState = EMPTY_STATE): Iterable<string> {
  for (const table of ruleset.tables) yield* tableLines(table, state[table.name], state !== EMPTY_STATE);
}

function* tableLines(table: Table, state: TableState, live: boolean): Iterable<string> {
  const stale = new Set(state.serviceChains);
  yield `*${table.name}`;
  for (const chain of table.chains()) {
    stale.delete(chain.name);
    // Emptying a shared chain without rules of ours would take the other's.
    if (chain.shared && isEmpty(chain.rules) && state.otherChains.has(chain.name)) continue;
    yield `:${chain.name} - [0:0]`;
    for (const rule of chain.rules) yield `-A ${chain.name} ${ruleText(rule)}`;
  }
  const jumps = table.jumps.map(({ from, rule }) => ({ from, text: ruleText(rule) }));
  const missing = jumps.filter(({ from, text }) => !state.jumps.has(`-A ${from} ${text}`));
  if (live) for (const { from, text } of missing.reverse()) yield `-I ${from} ${text}`;
  else for (const { from, text } of missing) yield `-A ${from} ${text}`;
  // Stale chains jump to each other: all are emptied before the first is deleted.
  for (const name of stale) yield `:${name} - [0:0]`;
  for (const name of stale) yield `-X ${name}`;
  yield 'COMMIT';
}

function isEmpty(items: Iterable<unknown>): boolean {
  return items[Symbol.iterator]().next().done === true;
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
