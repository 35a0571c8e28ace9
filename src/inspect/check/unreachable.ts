import type { InspectedMatch, InspectedRule } from '../inspected-rule.ts';
import type { ProgramChain, ProgramTable } from '../program.ts';
import type { CallOrder } from './calls.ts';

/** A rule behind another one of its chain that lets no packet pass. */
export interface UnreachableRule {
  readonly chain: string;
  readonly rule: number;
  readonly shadow: number;
}

/** Which protocols can meet a rule, a bit each. */
type Protocols = number;

const BITS = { tcp: 1, udp: 2, sctp: 4 } as const;
/** Those and all others. */
const ANY: Protocols = 15;
const CERTAIN = 2 ** 31;

/**
 * The rules that no packet can reach, since an earlier one of their chain ends the walk for every protocol
 * that comes this way. What asks for more than the protocol is taken to let some packets pass.
 *
 * @param table without loops
 */
export function unreachableRules(table: ProgramTable, { chains }: CallOrder): readonly UnreachableRule[] {
  const order = chains.map((name) => table.chains.get(name)).filter((chain) => chain !== undefined);
  const entering = enteringProtocols(order.toReversed(), table);
  const ends = new Set<string>();
  const found: UnreachableRule[] = [];
  for (const chain of order) {
    const protocols = entering.get(chain.name) ?? 0;
    if (protocols === 0) continue;
    const last = chain.rules.findIndex(
      ({ rule }) => holdsAlways(rule, protocols) && letsNothingPass(rule, ends),
    );
    if (last < 0) continue;
    const kinds = chain.rules.slice(0, last + 1).map(({ rule }) => rule.target?.kind);
    if (!kinds.includes('return')) ends.add(chain.name);
    if (last + 1 < chain.rules.length) found.push({ chain: chain.name, rule: last + 2, shadow: last + 1 });
  }
  return found;
}

function holdsAlways(rule: InspectedRule, protocols: Protocols): boolean {
  if (rule.source ?? rule.destination ?? rule.inInterface ?? rule.outInterface) return false;
  if (rule.protocol !== undefined && (protocols & ~BITS[rule.protocol]) !== 0) return false;
  return rule.matches.every(isIdle);
}

function isIdle(match: InspectedMatch): boolean {
  if (match.kind === 'chance') return match.chance === CERTAIN;
  return ['comment', 'protocol', 'always', 'rememberSource'].includes(match.kind);
}

function letsNothingPass({ target }: InspectedRule, ends: ReadonlySet<string>): boolean {
  switch (target?.kind) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'reject':
    case 'rejectWith':
    case 'dnat':
    case 'dnatAddress':
    case 'masquerade':
    case 'goto':
      return true;
    case 'jump':
      return ends.has(target.chain);
    case 'setMark':
    case 'flipMark':
    case 'maskedMark':
    case 'noEffect':
    case 'unknown':
    case undefined:
      return false;
  }
}

/** @param order in which no chain comes before those that lead to it */
function enteringProtocols(
  order: readonly ProgramChain[],
  table: ProgramTable,
): ReadonlyMap<string, Protocols> {
  const entering = new Map<string, Protocols>();
  for (const { name, policy, rules } of order) {
    const protocols = policy === undefined ? (entering.get(name) ?? 0) : ANY;
    entering.set(name, protocols);
    for (const { rule } of rules) {
      if (rule.target?.kind !== 'jump' && rule.target?.kind !== 'goto') continue;
      const { chain } = rule.target;
      if (!table.chains.has(chain)) continue;
      const through = rule.protocol === undefined ? protocols : protocols & BITS[rule.protocol];
      entering.set(chain, (entering.get(chain) ?? 0) | through);
    }
  }
  return entering;
}
