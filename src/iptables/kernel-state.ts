import { isServiceChain } from '../chains/names.ts';
import type { TableName } from '../chains/rule.ts';
import type { Backend } from './backend.ts';
import { runTool } from './tool.ts';

/** What of one table in the kernel decides how a full sync is written. */
export interface TableState {
  /** Chains of single service ports: those that the sync does not write are stale. */
  readonly serviceChains: ReadonlySet<string>;
  /** All other chains whose names are of Kubernetes. */
  readonly otherChains: ReadonlySet<string>;
  /** Rules that jump to Kubernetes' chains out of the kernel's own, as iptables-save prints them. */
  readonly jumps: ReadonlySet<string>;
}

export type KernelState = Readonly<Record<TableName, TableState>>;

export const EMPTY_STATE: KernelState = { filter: emptyTable(), nat: emptyTable() };

function emptyTable(): TableState {
  return { serviceChains: new Set(), otherChains: new Set(), jumps: new Set() };
}

/** @throws ToolError where iptables-save fails */
export async function readKernelState(backend: Backend): Promise<KernelState> {
  return { filter: await readTable(backend, 'filter'), nat: await readTable(backend, 'nat') };
}

async function readTable(backend: Backend, table: TableName): Promise<TableState> {
  const serviceChains = new Set<string>();
  const otherChains = new Set<string>();
  const jumps = new Set<string>();
  await runTool([...backend.save, '-t', table], {
    onLine: (line) => {
      if (line.startsWith(':KUBE-')) {
        const name = line.slice(1, line.indexOf(' '));
        (isServiceChain(name) ? serviceChains : otherChains).add(name);
      } else if (line.startsWith('-A ') && !line.startsWith('-A KUBE-') && line.includes(' -j KUBE-')) {
        jumps.add(line);
      }
    },
  });
  return { serviceChains, otherChains, jumps };
}
