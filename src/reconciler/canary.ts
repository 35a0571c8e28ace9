import type { Backend } from '../iptables/backend.ts';
import { restore } from '../iptables/restore.ts';
import { runTool, ToolError } from '../iptables/tool.ts';

/** kube-proxy's name: it and we watch for the same thing. */
const CANARY = 'KUBE-PROXY-CANARY';
/** A flush takes rules but leaves chains, so the chain alone would not show it. */
const RULE = `-A ${CANARY} -m comment --comment "gone if somebody flushes this table"`;
const TABLES = ['mangle', 'nat', 'filter'] as const;

type CanaryTable = (typeof TABLES)[number];

/** Whether the canary still stands in these tables. */
export async function isCanaryAlive(
  backend: Backend,
  tables: readonly CanaryTable[] = TABLES,
): Promise<boolean> {
  for (const table of tables) {
    if (!(await stands(backend, table))) return false;
  }
  return true;
}

/**
 * The tables to look at in the nth look: services need nat most, and each look costs a process. A flush of
 * nat shows at the next look, of filter at the one after, of mangle within ten, and a flush of everything
 * at once.
 */
export function tablesOfLook(look: number): readonly CanaryTable[] {
  if (look % 10 === 9) return ['nat', 'mangle'];
  return look % 2 === 1 ? ['nat', 'filter'] : ['nat'];
}

/** Puts the canary where it is missing. */
export async function plantCanary(backend: Backend): Promise<void> {
  const missing: string[] = [];
  for (const table of TABLES) if (!(await stands(backend, table))) missing.push(table);
  if (missing.length === 0) return;
  await restore(backend, () =>
    missing.flatMap((table) => [`*${table}`, `:${CANARY} - [0:0]`, RULE, 'COMMIT']),
  );
}

async function stands(backend: Backend, table: CanaryTable): Promise<boolean> {
  let found = false;
  try {
    await runTool([...backend.list, '-w', '5', '-t', table, '-S', CANARY], {
      onLine: (line) => (found ||= line === RULE),
    });
  } catch (error) {
    // No such chain.
    if (error instanceof ToolError && error.kind === 'exit') return false;
    throw error;
  }
  return found;
}
