import type { BaseChainName } from '../chains/rule.ts';
import type { Family } from '../net/address.ts';
import { describeValue } from '../problems/problem.ts';
import type { InspectedRule } from './inspected-rule.ts';
import { readRule } from './read-rule.ts';
import { RuleTextError } from './rule-parts.ts';

/** A line of iptables-save text that cannot be read. */
export class SaveError extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, text: string, reason: string) {
    super(`line ${line}: ${reason}: ${describeValue(text)}`);
    this.name = 'SaveError';
    this.line = line;
  }
}

/** Is told what a save text says, in its order. */
export interface SaveListener {
  readonly table: (name: string) => void;
  /** @param policy undefined for a chain that is not the kernel's own */
  readonly chain: (name: string, policy: Policy | undefined) => void;
  /** @param text from `-A` on */
  readonly rule: (chain: string, rule: InspectedRule, text: string) => void;
}

export type Policy = 'ACCEPT' | 'DROP';

/**
 * Reads what iptables-save or ip6tables-save prints, of either backend, with counters or without.
 *
 * @throws SaveError where a line is none of theirs, and where a table could not be saved
 */
export function readSave(lines: Iterable<string>, family: Family, listener: SaveListener): void {
  const chains = new Set<string>();
  let table: string | undefined;
  let number = 0;
  for (const line of lines) {
    number += 1;
    const text = line.trimEnd();
    const fail = (reason: string): never => {
      throw new SaveError(number, text, reason);
    };
    if (text === '' || text.startsWith('#')) {
      if (INCOMPATIBLE.test(text)) fail('expected tables that iptables can show');
    } else if (text.startsWith('*')) {
      if (table !== undefined) fail('expected COMMIT before the next table');
      table = text.slice(1);
      chains.clear();
      listener.table(table);
    } else if (table === undefined) {
      fail('expected a table, such as *nat');
    } else if (text === 'COMMIT') {
      table = undefined;
    } else if (text.startsWith(':')) {
      readChain(text, chains, listener, fail);
    } else {
      readRuleLine(text, family, chains, listener, fail);
    }
  }
  if (table !== undefined) throw new SaveError(number + 1, '', `expected COMMIT at the end of *${table}`);
}

/** iptables-nft-save says so of tables with rules of nft's own. */
const INCOMPATIBLE = /^# Table .* is incompatible/;

type Fail = (reason: string) => never;

function readChain(text: string, chains: Set<string>, listener: SaveListener, fail: Fail): void {
  const [, name, policy] = /^:(\S+) (-|ACCEPT|DROP)(?: \[\d+:\d+\])?$/.exec(text) ?? [];
  if (name === undefined) return fail('expected a chain with its policy');
  chains.add(name);
  listener.chain(name, policy === 'ACCEPT' || policy === 'DROP' ? policy : undefined);
}

/** The kernel has these whether they are declared or not, which text for iptables-restore need not do. */
const BASE_CHAINS: ReadonlySet<string> = new Set<BaseChainName>([
  'PREROUTING',
  'INPUT',
  'FORWARD',
  'OUTPUT',
  'POSTROUTING',
]);

function readRuleLine(
  line: string,
  family: Family,
  chains: Set<string>,
  listener: SaveListener,
  fail: Fail,
): void {
  const text = line.startsWith('[') ? line.replace(/^\[\d+:\d+\] /, '') : line;
  const end = text.indexOf(' ', 3);
  const chain = end < 0 ? text.slice(3) : text.slice(3, end);
  if (!text.startsWith('-A ') || chain === '') return fail('expected a rule, such as -A INPUT -j ACCEPT');
  if (!chains.has(chain)) {
    if (!BASE_CHAINS.has(chain)) return fail(`expected the chain ${chain} to be declared before its rules`);
    chains.add(chain);
    listener.chain(chain, 'ACCEPT');
  }
  let rule: InspectedRule;
  try {
    rule = readRule(end < 0 ? '' : text.slice(end + 1), family);
  } catch (error) {
    if (error instanceof RuleTextError) return fail(error.message);
    throw error;
  }
  listener.rule(chain, rule, text);
}
