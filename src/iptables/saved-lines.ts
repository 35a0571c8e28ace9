import type { Backend } from './backend.ts';
import { runTool } from './tool.ts';

/**
 * What iptables-save prints, all of it: for what is looked at once, not for syncs.
 *
 * @param flags such as `-t nat`
 * @throws ToolError where iptables-save fails
 */
export async function savedLines({ save }: Backend, ...flags: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  await runTool([...save, ...flags], { onLine: (line) => lines.push(line) });
  return lines;
}
