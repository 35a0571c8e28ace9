import { KUBE_FORWARD, KUBE_POSTROUTING } from '../chains/fixed.ts';
import type { Backend } from '../iptables/backend.ts';
import { listChain } from '../iptables/list-chain.ts';
import { restore } from '../iptables/restore.ts';

/** An empty chain under kube-proxy's name, which other tools know to look for. */
const CANARY = 'KUBE-PROXY-CANARY';
const TABLES = ['mangle', 'nat', 'filter'] as const;

export type CanaryTable = (typeof TABLES)[number];

/**
 * What must be there while a table stands. A flush takes rules but leaves chains, so in the tables that we
 * write a chain is looked at that is short and never empty.
 */
const SIGNS: Readonly<Record<CanaryTable, { readonly chain: string; readonly hasRules: boolean }>> = {
  mangle: { chain: CANARY, hasRules: false },
  nat: { chain: KUBE_POSTROUTING, hasRules: true },
  filter: { chain: KUBE_FORWARD, hasRules: true },
};

/** Whether these tables still stand, as far as a short look can tell. */
export async function isCanaryAlive(
  backend: Backend,
  tables: readonly CanaryTable[] = TABLES,
): Promise<boolean> {
  for (const table of tables) {
    const { chain, hasRules } = SIGNS[table];
    const rules = await countRules(backend, table, chain);
    if (rules === undefined || (hasRules && rules === 0)) return false;
  }
  return true;
}

/** Puts the canary where it is missing. */
export async function plantCanary(backend: Backend): Promise<void> {
  const missing = backend.kind === 'nft' ? TABLES : await tablesWithoutCanary(backend);
  if (missing.length === 0) return;
  await restore(backend, () => missing.flatMap((table) => [`*${table}`, `:${CANARY} - [0:0]`, 'COMMIT']));
}

/** The legacy tool writes a whole table anew for one chain, and reads it for a third of that. */
async function tablesWithoutCanary(backend: Backend): Promise<readonly CanaryTable[]> {
  const missing: CanaryTable[] = [];
  for (const table of TABLES) {
    if ((await countRules(backend, table, CANARY)) === undefined) missing.push(table);
  }
  return missing;
}

/** @returns undefined where there is no such chain */
async function countRules(backend: Backend, table: CanaryTable, chain: string): Promise<number | undefined> {
  let rules = 0;
  const isThere = await listChain(backend, { table, chain }, () => (rules += 1));
  return isThere ? rules : undefined;
}
