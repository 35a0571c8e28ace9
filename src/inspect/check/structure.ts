import { KUBE_NODEPORTS } from '../../chains/fixed.ts';
import type { RulePlace } from '../fate.ts';
import type { Program, ProgramChain, ProgramTable } from '../program.ts';
import { findCalls, type Call } from './calls.ts';
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
export const DEEPEST_NESTING = 15;

/** Chains that stand for themselves: they watch for a flush, or other programs jump to them. */
const STANDING_ALONE = /^KUBE-(PROXY-CANARY|KUBELET-CANARY|IPTABLES-HINT|MARK-DROP|MARK-MASQ|FIREWALL)$/;

export function structureFaults(program: Program): readonly StructureFault[] {
  return [...program.tables.values()].flatMap(tableFaults);
}

function tableFaults(table: ProgramTable): readonly StructureFault[] {
  const calls = new Map([...table.chains.values()].map((chain) => [chain.name, findCalls(chain)]));
  const dangling = danglingJumps(table, calls);
  const loops = loopFaults(table, calls);
  if (loops.length > 0) return [...dangling, ...loops];
  return [
    ...dangling,
    ...orphans(table, calls),
    ...tooDeep(table, calls),
    ...unreachableRules(table).map(({ chain, rule, shadow }): StructureFault => ({
      kind: 'unreachableRule',
      table: table.name,
      chain,
      place: { table: table.name, chain, rule },
      what: `rule ${rule} is never reached: rule ${shadow} lets nothing pass`,
    })),
  ];
}

type Calls = ReadonlyMap<string, readonly Call[]>;

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

function loopFaults(table: ProgramTable, calls: Calls): readonly StructureFault[] {
  const done = new Set<string>();
  const open = new Set<string>();
  const faults: StructureFault[] = [];
  const visit = (chain: string): void => {
    open.add(chain);
    for (const { target, rule } of calls.get(chain) ?? []) {
      if (open.has(target)) {
        const place = { table: table.name, chain, rule };
        faults.push({ kind: 'loop', table: table.name, chain, place, what: `leads back to ${target}` });
      } else if (!done.has(target)) visit(target);
    }
    open.delete(chain);
    done.add(chain);
  };
  for (const chain of calls.keys()) if (!done.has(chain)) visit(chain);
  return faults;
}

/** Where node ports answer on no address of the node, nothing leads to nat KUBE-NODEPORTS, but it is there. */
function orphans(table: ProgramTable, calls: Calls): readonly StructureFault[] {
  const reached = new Set<string>();
  const visit = (chain: string): void => {
    if (reached.has(chain)) return;
    reached.add(chain);
    for (const { target } of calls.get(chain) ?? []) visit(target);
  };
  for (const { name } of baseChains(table)) visit(name);
  visit(KUBE_NODEPORTS);
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

function tooDeep(table: ProgramTable, calls: Calls): readonly StructureFault[] {
  const depths = new Map<string, number>();
  const depthOf = (chain: string): number => {
    const known = depths.get(chain);
    if (known !== undefined) return known;
    const depth = 1 + Math.max(0, ...(calls.get(chain) ?? []).map(({ target }) => depthOf(target)));
    depths.set(chain, depth);
    return depth;
  };
  return baseChains(table)
    .map((chain) => ({ chain, depth: depthOf(chain.name) - 1 }))
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
