import { KUBE_NODEPORTS } from '../../chains/fixed.ts';
import type { RulePlace } from '../fate.ts';
import type { Program, ProgramChain, ProgramTable } from '../program.ts';
import { calleesFirst, callsIn, type CallOrder, type Calls } from './calls.ts';
import { unreachableRules } from './unreachable.ts';

/** What is wrong with the rules whatever the services are. */
export interface StructureFault {
  readonly kind: 'danglingJump' | 'loop' | 'orphan' | 'tooDeep' | 'unreachableRule';
  readonly table: string;
  readonly chain: string;
  /** undefined where it is the whole chain's. */
  readonly place: RulePlace | undefined;
  readonly what: string;
}

/** nft refuses more chains inside one another, those of the kernel not counted. */
const DEEPEST_NESTING = 15;

/** Chains that stand for themselves: they watch for a flush, or other programs jump to them. */
const STANDING_ALONE = /^KUBE-(PROXY-CANARY|KUBELET-CANARY|IPTABLES-HINT|MARK-DROP|MARK-MASQ|FIREWALL)$/;

export function structureFaults(program: Program): readonly StructureFault[] {
  return [...program.tables.values()].flatMap(tableFaults);
}

function tableFaults(table: ProgramTable): readonly StructureFault[] {
  const calls = callsIn(table.chains.values());
  const dangling = danglingJumps(table, calls);
  const order = calleesFirst(calls.keys(), calls);
  const loops = loopFaults(table, order);
  if (loops.length > 0) return [...dangling, ...loops];
  return [
    ...dangling,
    ...orphans(table, calls),
    ...tooDeep(table, calls, order),
    ...unreachableRules(table, order).map(({ chain, rule, shadow }): StructureFault => ({
      kind: 'unreachableRule',
      table: table.name,
      chain,
      place: { table: table.name, chain, rule },
      what: `rule ${rule} is never reached: rule ${shadow} lets nothing pass`,
    })),
  ];
}

function danglingJumps(table: ProgramTable, calls: Calls): readonly StructureFault[] {
  return [...calls].flatMap(([chain, ofChain]) =>
    ofChain
      .filter(({ target }) => !table.chains.has(target))
      .map(({ target, rule }): StructureFault => ({
        kind: 'danglingJump',
        table: table.name,
        chain,
        place: { table: table.name, chain, rule },
        what: `jumps to ${target}, which does not exist`,
      })),
  );
}

function loopFaults({ name: table }: ProgramTable, { loops }: CallOrder): readonly StructureFault[] {
  return loops.map(({ chain, call: { target, rule } }): StructureFault => ({
    kind: 'loop',
    table,
    chain,
    place: { table, chain, rule },
    what: `leads back to ${target}`,
  }));
}

/** Where node ports answer on no address of the node, nothing leads to nat KUBE-NODEPORTS, but it is there. */
function orphans(table: ProgramTable, calls: Calls): readonly StructureFault[] {
  const starts = [...baseChains(table).map(({ name }) => name), KUBE_NODEPORTS];
  const reached = new Set(calleesFirst(starts, calls).chains);
  return [...table.chains.values()]
    .filter(({ name }) => !reached.has(name) && name.startsWith('KUBE-') && !STANDING_ALONE.test(name))
    .map(({ name }): StructureFault => ({
      kind: 'orphan',
      table: table.name,
      chain: name,
      place: undefined,
      what: 'nothing leads to it',
    }));
}

function tooDeep(table: ProgramTable, calls: Calls, { chains }: CallOrder): readonly StructureFault[] {
  const depths = new Map<string, number>();
  for (const chain of chains) {
    const below = (calls.get(chain) ?? []).map(({ target }) => depths.get(target) ?? 0);
    depths.set(chain, 1 + below.reduce((deepest, depth) => Math.max(deepest, depth), 0));
  }
  return baseChains(table)
    .map((chain) => ({ chain, depth: (depths.get(chain.name) ?? 1) - 1 }))
    .filter(({ depth }) => depth > DEEPEST_NESTING)
    .map(({ chain: { name }, depth }): StructureFault => ({
      kind: 'tooDeep',
      table: table.name,
      chain: name,
      place: undefined,
      what: `${depth} chains inside one another, nft takes ${DEEPEST_NESTING}`,
    }));
}

function baseChains({ chains }: ProgramTable): readonly ProgramChain[] {
  return [...chains.values()].filter(({ policy }) => policy !== undefined);
}
