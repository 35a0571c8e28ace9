import { isServiceChain } from '../chains/names.ts';
import { DISPATCH_CHAINS, FILTER_JUMPS, isLastRule, KUBE_FIREWALL, NAT_JUMPS } from '../chains/fixed.ts';
import type { Jump, TableName } from '../chains/rule.ts';
import type { Backend } from './backend.ts';
import { addOrdered, addUnordered, EMPTY_CHAIN } from './fingerprint.ts';
import { listChain } from './list-chain.ts';
import type { Milliseconds } from '../model/settings.ts';
import { runTool, ToolError, type Command } from './tool.ts';

/** What the kernel holds of ours in one table, as far as a comparison needs it. */
export interface TableSnapshot {
  /** Every chain whose name is of Kubernetes, with the fingerprint of its rules. */
  readonly chains: ReadonlyMap<string, number>;
  /** Those of single service ports: what the desired rules do not name is stale. */
  readonly serviceChains: ReadonlySet<string>;
  /** Rules that jump to Kubernetes' chains out of the kernel's own, as iptables-save prints them. */
  readonly jumps: ReadonlySet<string>;
}

export type Snapshot = Readonly<Record<TableName, TableSnapshot>>;

/** Nothing of ours, nor of another service proxy. A table that was not read whole may show jumps alone. */
export function holdsNothing({ chains, jumps }: TableSnapshot): boolean {
  return chains.size + jumps.size === 0;
}

/** The fingerprint of a whole chain, in the kernel or not yet. */
export function fingerprintOf(chain: string, rules: Iterable<string>): number {
  const unordered = DISPATCH_CHAINS.has(chain);
  let value = EMPTY_CHAIN;
  let afterLast = false;
  for (const rule of rules) {
    value = unordered ? addUnordered(value, rule, afterLast) : addOrdered(value, rule);
    afterLast ||= unordered && isLastRule(rule);
  }
  return value;
}

/**
 * The tool of the nft store begins anew whenever somebody commits meanwhile, and among busy neighbours may
 * never end.
 *
 * @param timeout for each table
 * @param signal stops it
 * @throws ToolError where iptables-save fails or is stopped, or prints half a table
 */
export async function readSnapshot(
  backend: Backend,
  timeout: Milliseconds = backend.limits.lastResort,
  signal?: AbortSignal,
): Promise<Snapshot> {
  const read = (table: TableName): Promise<TableSnapshot> => readTable(backend, table, timeout, signal);
  const [filter, nat] = await Promise.all([read('filter'), read('nat')]);
  return { filter, nat };
}

/**
 * As little as rules can be written with: which of our jumps there are, for none may stand twice, and the
 * kubelet's chain, for its rules are not ours to empty. All other chains are taken for missing, so that they
 * are written anew, and those of services that are gone stay.
 *
 * @throws ToolError where a chain cannot be listed
 */
export async function readJumps(backend: Backend): Promise<Snapshot> {
  const read = async (table: TableName, chains: Iterable<string>): Promise<TableSnapshot> => {
    const reading = tableReading();
    for (const chain of chains) {
      const rules: string[] = [];
      const isThere = await listChain(backend, { table, chain }, (rule) => rules.push(rule));
      if (isThere) [`:${chain} `, ...rules].forEach(reading.line);
    }
    return reading.finish();
  };
  const from = (jumps: readonly Jump[]): ReadonlySet<string> => new Set(jumps.map((jump) => jump.from));
  const [filter, nat] = await Promise.all([
    read('filter', [...from(FILTER_JUMPS), KUBE_FIREWALL]),
    read('nat', from(NAT_JUMPS)),
  ]);
  return { filter, nat };
}

async function readTable(
  backend: Backend,
  table: TableName,
  timeout: Milliseconds,
  signal: AbortSignal | undefined,
): Promise<TableSnapshot> {
  const command: Command = [...backend.save, '-t', table];
  const reading = tableReading();
  let begins: string | undefined;
  let ends = '';
  const onLine = (line: string): void => {
    if (line === '' || line.startsWith('#')) return;
    begins ??= line;
    ends = line;
    reading.line(line);
  };
  await runTool(command, { onLine, timeout, ...(signal && { signal }) });
  // What is taken for missing is written again, and its jumps a second time.
  const isWhole = begins === `*${table}` && ends === 'COMMIT';
  if (begins !== undefined && !isWhole) throw new ToolError(command, 'garbage', 0, begins.slice(0, 80));
  return reading.finish();
}

interface TableReading {
  readonly line: (line: string) => void;
  readonly finish: () => TableSnapshot;
}

/** Takes the lines of `iptables-save -t TABLE` one by one, and keeps none. */
function tableReading(): TableReading {
  const chains = new Map<string, number>();
  const serviceChains = new Set<string>();
  const jumps = new Set<string>();
  const ended = new Set<string>();
  const readRule = (chain: string, rule: string): void => {
    const before = chains.get(chain) ?? EMPTY_CHAIN;
    if (!DISPATCH_CHAINS.has(chain)) {
      chains.set(chain, addOrdered(before, rule));
      return;
    }
    chains.set(chain, addUnordered(before, rule, ended.has(chain)));
    if (isLastRule(rule)) ended.add(chain);
  };
  const line = (text: string): void => {
    if (text.startsWith(':KUBE-')) {
      const name = text.slice(1, text.indexOf(' '));
      chains.set(name, EMPTY_CHAIN);
      if (isServiceChain(name)) serviceChains.add(name);
    } else if (text.startsWith('-A KUBE-')) {
      const end = text.indexOf(' ', 3);
      readRule(text.slice(3, end), text.slice(end + 1));
    } else if (text.startsWith('-A ') && text.includes(' -j KUBE-')) {
      jumps.add(text);
    }
  };
  return { line, finish: () => ({ chains, serviceChains, jumps }) };
}
