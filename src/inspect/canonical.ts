import { DISPATCH_CHAINS, isLastRule } from '../chains/fixed.ts';

/** Chains that only watch for a flush. */
const CANARIES: ReadonlySet<string> = new Set(['KUBE-PROXY-CANARY', 'KUBE-KUBELET-CANARY']);
const TABLES = ['filter', 'nat'] as const;

/**
 * The service proxy's part of iptables-save text in one canonical order, filter before nat: chains
 * sorted, rules of the dispatch chains sorted with the node-port jump last, others' rules and
 * kube-proxy's nfacct counters left out. Equal texts mean equal rules.
 *
 * @throws Error where a rule follows the node-port jump, which must be the last
 */
export function canonicalRules(text: string): string {
  const tables = new Map<string, CanonicalTable>();
  let current: CanonicalTable | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      current = { chains: [], rules: new Map() };
      tables.set(line.slice(1), current);
    } else if (current !== undefined) readLine(line, current);
  }
  return TABLES.map((name) => tableText(name, tables.get(name))).join('');
}

interface CanonicalTable {
  readonly chains: string[];
  readonly rules: Map<string, string[]>;
}

function readLine(line: string, table: CanonicalTable): void {
  if (line.startsWith(':')) {
    const name = line.slice(1).split(' ')[0] ?? '';
    if (name.startsWith('KUBE-') && !CANARIES.has(name)) table.chains.push(name);
    return;
  }
  if (!line.startsWith('-A ') && !line.startsWith('[')) return;
  if (line.includes('localhost_nps_accepted_pkts')) return;
  const rule = line.replace(/^\[\d+:\d+\] /, '').replace(/ -m nfacct --nfacct-name +\S+/, '');
  const chain = rule.split(' ')[1] ?? '';
  if (!chain.startsWith('KUBE-') && !rule.includes(' -j KUBE-')) return;
  const rules = table.rules.get(chain) ?? [];
  rules.push(rule);
  table.rules.set(chain, rules);
}

function tableText(name: string, table: CanonicalTable | undefined): string {
  if (table === undefined) return `*${name}\nCOMMIT\n`;
  const chains = table.chains.sort().map((chain) => `:${chain} - [0:0]\n`);
  const rules = [...table.rules.keys()]
    .sort()
    .flatMap((chain) => sortedRules(chain, table.rules.get(chain) ?? []));
  return `*${name}\n${chains.join('')}${rules.map((rule) => `${rule}\n`).join('')}COMMIT\n`;
}

function sortedRules(chain: string, rules: readonly string[]): readonly string[] {
  if (!DISPATCH_CHAINS.has(chain)) return rules;
  const last = rules.filter(isLastRule);
  const others = rules.filter((rule) => !isLastRule(rule));
  if (rules.slice(others.length).some((rule) => !isLastRule(rule))) {
    throw new Error(`${chain}: the node-port jump must come last`);
  }
  return [...others.sort(), ...last.sort()];
}
