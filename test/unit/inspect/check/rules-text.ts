import type { Family } from '../../../../src/net/address.ts';
import type { NodeView } from '../../../../src/routing/node-view.ts';

/** Rules as iptables-save prints them, to be spoiled. */
export interface RulesText {
  readonly family: Family;
  readonly view: NodeView;
  readonly lines: readonly RuleLine[];
  /** Rules with their places among the lines, by table and chain. */
  readonly byChain: ReadonlyMap<string, readonly Site[]>;
}

/** A rule, and where it stands among the lines. */
export interface Site extends RuleLine {
  readonly at: number;
}

function chainKey(table: RuleLine['table'], chain: string): string {
  return `${table} ${chain}`;
}

export interface RuleLine {
  readonly table: 'filter' | 'nat' | '';
  /** Empty where the line is no rule. */
  readonly chain: string;
  readonly text: string;
}

/** One way to spoil rules: lines from `at` on give way to others. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
}

export function rulesText(lines: Iterable<string>, view: NodeView): RulesText {
  let table: RuleLine['table'] = '';
  const read: RuleLine[] = [];
  for (const text of lines) {
    if (text === '*filter' || text === '*nat') table = text === '*nat' ? 'nat' : 'filter';
    const chain = text.startsWith('-A ') ? (text.split(' ')[1] ?? '') : '';
    read.push({ table, chain, text });
  }
  const placed = read.map((line, at): Site => ({ ...line, at })).filter(({ chain }) => chain !== '');
  const byChain = Map.groupBy(placed, (line) => chainKey(line.table, line.chain));
  return { family: view.family, view, lines: read, byChain };
}

export function edited({ lines }: RulesText, { at, remove, insert }: Edit): readonly string[] {
  return lines.map(({ text }) => text).toSpliced(at, remove, ...insert);
}

/** The rules of a chain, in order. */
export function rulesOf(rules: RulesText, table: RuleLine['table'], chain: string): readonly Site[] {
  return rules.byChain.get(chainKey(table, chain)) ?? [];
}

export function targetOf(text: string): string {
  return / -[jg] (\S+)/.exec(text)?.[1] ?? '';
}

/** Where packets end up that come into a chain of the nat table: `address:port`s, sorted. */
export function endpointsOf(rules: RulesText, chain: string): string {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const { text } of rulesOf(rules, 'nat', name)) {
      const dnat = / --to-destination (\S+)/.exec(text)?.[1];
      if (dnat !== undefined) found.add(dnat);
      else if (/^KUBE-(SEP|SVC|SVL|EPG|EXT)-/.test(targetOf(text))) visit(targetOf(text));
    }
  };
  visit(chain);
  return [...found].sort().join(' ');
}
