import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Command } from '../../src/iptables/tool.ts';

/** A script that stands for all tools, with a directory to meet in. */
export interface ScriptedTools {
  /** Put before a tool's command, runs the script with the tool's name and arguments. */
  readonly via: Command;
  /** Where the script is, under the name that was asked for. */
  readonly directory: string;
  /** Makes a file there that the script looks for. */
  readonly raise: (flag: string) => void;
  readonly lower: (flag: string) => void;
  /** Waits until the script has made a file there. */
  readonly raised: (flag: string) => Promise<void>;
}

/**
 * @param body of a shell script, which finds its own directory in `$at`
 * @param name under which the script is in its directory; `others` are further names of it
 */
export function scriptedTools(body: string, name = 'tool', ...others: readonly string[]): ScriptedTools {
  const directory = mkdtempSync(join(tmpdir(), 'chainwright-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const script = join(directory, name);
  writeFileSync(script, `#!/bin/bash\nat=${directory}\n${body}\n`);
  chmodSync(script, 0o755);
  for (const other of others) symlinkSync(name, join(directory, other));
  return {
    via: [script],
    directory,
    raise: (flag) => writeFileSync(join(directory, flag), ''),
    lower: (flag) => rmSync(join(directory, flag), { force: true }),
    raised: async (flag) => {
      while (!existsSync(join(directory, flag))) await sleep(10);
    },
  };
}
