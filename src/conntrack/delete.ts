import { runTool, ToolError } from '../iptables/tool.ts';
import type { Deletion } from './deletions.ts';
import { CONNTRACK_LIMIT, conntrackCommand } from './tool.ts';

/**
 * Carries deletions out, one process each. The tool could read them all from a file (--load-file, since
 * 1.4.7), which saves 2 ms of 12 for each, but not from a socket, which is what a child of this process
 * has for its standard input.
 *
 * @param onDeleted called for each entry that was deleted, so that a failure does not hide those before it
 * @throws ToolError where the tool is missing or fails
 */
export async function carryOut(
  deletions: readonly Deletion[],
  via: readonly string[],
  onDeleted: () => void,
): Promise<void> {
  for (const deletion of deletions) {
    try {
      await runTool(conntrackCommand(via, ...deletion), { onLine: onDeleted, timeout: CONNTRACK_LIMIT });
    } catch (error) {
      if (!foundNothing(error)) throw error;
    }
  }
}

/** Entries end by themselves, also between listing and deleting. The tool calls that a failure. */
function foundNothing(error: unknown): boolean {
  return error instanceof ToolError && error.stderr.includes(' 0 flow entries have been deleted');
}
