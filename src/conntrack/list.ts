import { runTool } from '../iptables/tool.ts';
import type { Protocol } from '../model/objects.ts';
import type { Family } from '../net/address.ts';
import { parseEntry, type Entry } from './entry.ts';
import { CONNTRACK_LIMIT, conntrackCommand } from './tool.ts';

export interface ListRequest {
  readonly family: Family;
  /** Only entries of this protocol; undefined is all. */
  readonly protocol: Protocol | undefined;
  /** A command that runs another one elsewhere. */
  readonly via: readonly string[];
}

export interface Listed {
  readonly entries: number;
  /** Lines that were no entries, and were skipped. */
  readonly malformed: number;
}

/**
 * Reads the kernel's table, one entry at a time: a busy node has hundreds of thousands.
 *
 * @throws ToolError where the tool is missing or fails
 */
export async function listEntries(
  { family, protocol, via }: ListRequest,
  onEntry: (entry: Entry) => void,
): Promise<Listed> {
  let entries = 0;
  let malformed = 0;
  const filter = protocol === undefined ? [] : ['-p', protocol];
  const command = conntrackCommand(via, '-L', '-f', family, ...filter, '-o', 'extended,id');
  await runTool(command, {
    timeout: CONNTRACK_LIMIT,
    onLine: (line) => {
      const entry = parseEntry(line);
      if (entry === undefined) {
        malformed += 1;
        return;
      }
      entries += 1;
      onEntry(entry);
    },
  });
  return { entries, malformed };
}
