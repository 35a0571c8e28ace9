import { isOfOnePort, ruleFacts, type RuleFacts } from './rule-facts.ts';
import { chainKey, type ChainKey, type GraphChain, type GraphRule, type RuleGraph } from './rule-graph.ts';
import type { Card, Row, Tone } from './picture.ts';
import { hostText, isBaseChain, targetKey, type Dispatch } from './services.ts';
import { isSideChain, sharesOf, WHOLE, type Share } from './shares.ts';
import { actionWords, chainRole, conditionWords, counted, isServiceChain, percent, plural } from './words.ts';

/** The chains of a picture, each with those of its rules that are shown: their places, or all. */
type Selection = ReadonlyMap<ChainKey, readonly number[] | 'all'>;

export interface Limits {
  /** Rules that a card shows; a service may have thousands of endpoints. */
  readonly mostRows: number;
  readonly mostCards: number;
}

/** A card and the jumps out of it, their weights not known yet. */
export interface DrawnChain {
  readonly card: Card;
  readonly jumps: readonly Jump[];
}

export interface Jump {
  readonly row: number;
  readonly to: ChainKey;
  readonly share: Share;
}

/** Draws chains and the jumps among them. */
export function drawChains(
  graph: RuleGraph,
  dispatch: Dispatch,
  selection: Selection,
  limits: Limits,
): readonly DrawnChain[] {
  const plan = { graph, dispatch, selection, limits };
  return [...selection].flatMap(([key, shown]) => {
    const chain = graph.chains.get(key);
    return chain === undefined ? [] : [drawChain(plan, chain, shown)];
  });
}

interface Plan {
  readonly graph: RuleGraph;
  readonly dispatch: Dispatch;
  readonly selection: Selection;
  readonly limits: Limits;
}

function drawChain(
  { graph, dispatch, selection, limits }: Plan,
  chain: GraphChain,
  shown: readonly number[] | 'all',
): DrawnChain {
  const { mostRows } = limits;
  const key = chainKey(chain.table, chain.name);
  // Of a dispatch chain few rules are shown: the facts of all others need not be known.
  const indices = shown === 'all' ? [...chain.rules.keys()] : shown;
  const facts = new Map(indices.map((index) => [index, ruleFacts(chain.rules[index]?.text ?? '')]));
  const shares = sharesOf(graph, chain, [...facts.values()]);
  const rows: Row[] = [];
  const jumps: Jump[] = [];
  let isFirst = true;
  for (const [position, [index, rule]] of [...facts].slice(0, mostRows).entries()) {
    const target = targetKey(graph, chain, rule);
    const share = shares[position] ?? WHOLE;
    const isDrawn = target !== undefined && selection.has(target);
    if (isDrawn) jumps.push({ row: rows.length, to: target, share });
    const opens = target === undefined || isDrawn ? undefined : ({ kind: 'chain', chain: target } as const);
    const place = { chain: key, index };
    const context = { graph, chain, facts: rule, share, target, isDrawn, isFirst };
    rows.push({ ...rowOf(context, chain.rules[index]), place, opens });
    if (target === undefined || !isSideChain(graph, target)) isFirst = false;
  }
  const { subtitle, tone } = descriptionOf(graph, dispatch, chain);
  const leftOut = leftOutWords(chain, shown, indices.length - rows.length, shares.slice(mostRows));
  return { card: { id: key, title: chain.name, subtitle, tone, chain: key, rows, leftOut }, jumps };
}

interface RowContext {
  readonly graph: RuleGraph;
  readonly chain: GraphChain;
  readonly facts: RuleFacts;
  readonly share: Share;
  readonly target: ChainKey | undefined;
  readonly isDrawn: boolean;
  /** No rule before it sends packets elsewhere. */
  readonly isFirst: boolean;
}

function rowOf(context: RowContext, rule: GraphRule | undefined): Pick<Row, 'words' | 'aside' | 'tone'> {
  const { facts, share } = context;
  const isDealt = !share.conditional && share.value > 0 && share.value < 1;
  const packets = rule?.packets === undefined ? '' : counted(rule.packets);
  const aside = listed([isDealt ? percent(share.value) : '', packets]);
  return { words: wordsOf(context), aside, tone: toneOfRow(facts) };
}

function wordsOf({ graph, chain, facts, target, isDrawn, isFirst }: RowContext): string {
  const endpoint = target === undefined ? undefined : endpointOf(graph, target);
  const isItself = facts.source !== undefined && hostText(facts.source) === ownAddress(graph, chain);
  const condition = isItself ? 'from itself' : conditionWords(facts, chain.table, chain.name);
  if (facts.endpoint !== undefined) {
    return joined([condition, actionWords(facts), facts.remembers ? 'remember' : '']);
  }
  if (endpoint !== undefined && !isOfOnePort(facts)) return joined([endpoint, condition]);
  if (facts.target === '') return joined([condition, facts.comment === '' ? 'only count' : facts.comment]);
  if (isBaseChain(chain.name) && facts.comment !== '') return facts.comment.replace(/^kubernetes /, '');
  const subject = condition === '' ? (isFirst ? 'everything' : 'everything else') : condition;
  return isDrawn ? subject : `${subject}: ${actionWords(facts)}`;
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(', ');
}

function toneOfRow({ endpoint, target }: RuleFacts): Row['tone'] {
  if (endpoint !== undefined) return 'endpoint';
  if (['DROP', 'REJECT', 'KUBE-MARK-DROP'].includes(target)) return 'denied';
  return ['KUBE-MARK-MASQ', 'MASQUERADE', 'MARK'].includes(target) ? 'mark' : 'plain';
}

/** Where a chain leads that leads to one endpoint only. */
function endpointOf(graph: RuleGraph, key: ChainKey): string | undefined {
  const chain = graph.chains.get(key);
  if (chain === undefined || chain.rules.length > MOST_ENDPOINT_RULES) return undefined;
  const facts = chain.rules.map(({ text }) => ruleFacts(text));
  const ends = facts.flatMap(({ endpoint }) => endpoint ?? []);
  const leadsOn = facts.some((rule) => {
    const target = targetKey(graph, chain, rule);
    return target !== undefined && !isSideChain(graph, target);
  });
  return ends.length === 1 && !leadsOn ? ends[0] : undefined;
}

/** The hairpin, the destination; older releases have some more. */
const MOST_ENDPOINT_RULES = 4;

function ownAddress(graph: RuleGraph, { table, name }: GraphChain): string | undefined {
  return endpointOf(graph, chainKey(table, name))
    ?.replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
}

interface Description {
  readonly subtitle: string;
  readonly tone: Tone;
}

function descriptionOf(
  graph: RuleGraph,
  dispatch: Dispatch,
  { table, name, rules }: GraphChain,
): Description {
  const key = chainKey(table, name);
  const role = chainRole(table, name);
  const root = dispatch.roots.get(key);
  if (root !== undefined) {
    const part = root === key ? role : `part of ${root.slice(table.length + 1)}`;
    return { subtitle: `${table} · ${part}`, tone: 'dispatch' };
  }
  if (isBaseChain(name)) return { subtitle: `${table} · ${role}`, tone: 'base' };
  const endpoint = role === 'endpoint' ? endpointOf(graph, key) : undefined;
  if (endpoint !== undefined) return { subtitle: endpoint, tone: 'endpoint' };
  if (isServiceChain(name)) return { subtitle: listed([role, portName(rules) ?? '']), tone: 'service' };
  return { subtitle: listed([table, role]), tone: /^KUBE-(?:SEP|EPG)-/.test(name) ? 'service' : 'other' };
}

function listed(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}

/** The port's name, as comments of the chain have it behind the service's. */
function portName(rules: readonly GraphRule[]): string | undefined {
  for (const { text } of rules.slice(0, 2)) {
    const name = /\/[a-z0-9.-]+:([a-z0-9-]+)(?: |$)/.exec(ruleFacts(text).comment)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

function leftOutWords(
  chain: GraphChain,
  shown: readonly number[] | 'all',
  hidden: number,
  shares: readonly Share[],
): string {
  if (chain.rules.length === 0) return 'no rules';
  if (shown === 'all' && hidden > 0) {
    const dealt = shares.reduce((sum, { value, conditional }) => sum + (conditional ? 0 : value), 0);
    return `${plural(hidden, 'more rule')}${dealt > 0 && dealt < 1 ? `, ${percent(dealt)}` : ''}`;
  }
  const others = chain.rules.length - (shown === 'all' ? chain.rules.length : shown.length) + hidden;
  return others === 0 ? '' : plural(others, 'other rule');
}
