import type { TableName } from '../chains/rule.ts';
import type { Family } from '../net/address.ts';
import { chainKey, type ChainKey, type GraphChain, type GraphRule, type RuleGraph } from './rule-graph.ts';

/** Before a chain's declaration, says whose it is; iptables-restore passes comments over. */
const SERVICE = '# service ';

/**
 * Reads iptables-save text, counted (`-c`) or not; tables other than filter and nat are passed over.
 * What is no rule is passed over too: a picture of a damaged dump is better than none.
 */
export function graphOfSave(lines: Iterable<string>, family: Family): RuleGraph {
  const chains = new Map<ChainKey, MutableChain>();
  let table: TableName | undefined;
  let service: string | undefined;
  const chainOf = (name: string, inTable: TableName): MutableChain => {
    const key = chainKey(inTable, name);
    const chain = chains.get(key) ?? { table: inTable, name, rules: [] };
    chains.set(key, chain);
    return chain;
  };
  for (const line of wholeRules(lines)) {
    if (line.startsWith('*')) table = tableName(line.slice(1));
    else if (table === undefined) continue;
    else if (line.startsWith(':')) {
      const chain = chainOf(line.slice(1).split(' ', 1)[0] ?? '', table);
      if (service !== undefined) chain.service = service;
      service = undefined;
    } else if (line.startsWith(SERVICE)) service = line.slice(SERVICE.length);
    else {
      const rule = readRule(line);
      if (rule !== undefined) chainOf(rule.chain, table).rules.push(rule.rule);
    }
  }
  return { family, chains };
}

interface MutableChain {
  readonly table: TableName;
  readonly name: string;
  readonly rules: GraphRule[];
  service?: string;
}

function tableName(text: string): TableName | undefined {
  const name = text.trim();
  return name === 'nat' || name === 'filter' ? name : undefined;
}

function readRule(line: string): { readonly chain: string; readonly rule: GraphRule } | undefined {
  const [, packets, chain, text = ''] = /^(?:\[(\d+):\d+\] )?-A (\S+)(?: ([^]*))?$/.exec(line) ?? [];
  if (chain === undefined) return undefined;
  const rule = { text: text.trimEnd() };
  return { chain, rule: packets === undefined ? rule : { ...rule, packets: Number(packets) } };
}

/** A comment may hold a newline, which iptables-save prints as it is: such a rule takes several lines. */
function* wholeRules(lines: Iterable<string>): Iterable<string> {
  let open: string[] = [];
  for (const line of lines) {
    const isOpen = open.length > 0;
    const mayBeOpen = isOpen || line.startsWith('-A ') || line.startsWith('[');
    const endsOpen = mayBeOpen && endsInQuotes(line, isOpen);
    if (isOpen || endsOpen) open.push(line);
    if (endsOpen) continue;
    yield isOpen ? open.join('\n') : line;
    open = [];
  }
  // A quote that nothing closes spoils its own line, and not all that follow.
  yield* open.slice(1);
}

/** The same lines, with a space where a comment holds a newline. */
export function* oneLineRules(lines: Iterable<string>): Iterable<string> {
  for (const line of wholeRules(lines)) yield line.replaceAll('\n', ' ');
}

/** @param isInside whether it begins in quotes */
function endsInQuotes(line: string, isInside: boolean): boolean {
  if (!line.includes('"')) return isInside;
  let inside = isInside;
  for (let index = 0; index < line.length; index += 1) {
    if (line[index] === '\\') index += 1;
    else if (line[index] === '"') inside = !inside;
  }
  return inside;
}

/** The graph as text that `graphOfSave` reads back: what a page carries with it. */
export function* saveLines(graph: RuleGraph): Iterable<string> {
  for (const table of ['filter', 'nat'] as const) {
    const chains = [...graph.chains.values()].filter((chain) => chain.table === table);
    yield `*${table}`;
    for (const chain of chains) yield* chainLines(chain);
    yield 'COMMIT';
  }
}

function* chainLines({ name, rules, service }: GraphChain): Iterable<string> {
  if (service !== undefined) yield SERVICE + service;
  yield `:${name} - [0:0]`;
  for (const { text, packets } of rules) {
    const counters = packets === undefined ? '' : `[${packets}:0] `;
    yield `${counters}-A ${name} ${text}`.trimEnd();
  }
}
