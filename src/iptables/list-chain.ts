import { LOCK_SECONDS, type Backend } from './backend.ts';
import { runTool, ToolError } from './tool.ts';

/** What the tool ends with where there is no such chain; a lock that another holds ends it with 4. */
const NO_CHAIN = 1;

/**
 * Reads one chain alone, however large its table is. In the nft store that is over in milliseconds, also
 * where a neighbour commits without a pause.
 *
 * @param onRule called for each rule, with the text that iptables-save has for it
 * @returns whether there is such a chain
 * @throws ToolError where the tool fails otherwise
 */
export async function listChain(
  backend: Backend,
  { table, chain }: { readonly table: string; readonly chain: string },
  onRule: (rule: string) => void,
): Promise<boolean> {
  const onLine = (line: string): void => {
    if (line.startsWith('-A ')) onRule(line);
  };
  try {
    await runTool([...backend.list, '-w', String(LOCK_SECONDS), '-t', table, '-S', chain], {
      timeout: backend.limits.firstTry,
      onLine,
    });
    return true;
  } catch (error) {
    if (error instanceof ToolError && error.exitCode === NO_CHAIN) return false;
    throw error;
  }
}
