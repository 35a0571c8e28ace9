import { ToolError, type Command } from '../iptables/tool.ts';
import type { Milliseconds } from '../model/settings.ts';

/**
 * A command of the conntrack tool.
 *
 * @param via a command that runs another one elsewhere, such as `ip netns exec node`
 */
export function conntrackCommand(via: readonly string[], ...args: readonly string[]): Command {
  const [file, ...before] = via;
  return file === undefined ? ['conntrack', ...args] : [file, ...before, 'conntrack', ...args];
}

/** Until it is stopped. A walk through 100,000 entries takes a third of a second. */
export const CONNTRACK_LIMIT: Milliseconds = 60_000;

/** What shells and their like end with where they find no such program. */
const NOT_FOUND = 127;

export function isMissing(error: unknown): boolean {
  return error instanceof ToolError && (error.kind === 'missing' || error.exitCode === NOT_FOUND);
}
