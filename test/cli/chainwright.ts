import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../support/cases.ts';

export const BUNDLE = join(ROOT, 'dist/chainwright.mjs');

export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the bundle as a user would.
 *
 * @param prefix a command to run it by
 */
export async function chainwright(
  args: readonly string[],
  input = '',
  cwd = ROOT,
  prefix: readonly string[] = [],
): Promise<Ended> {
  if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing: run make build`);
  const [file, ...rest] = [...prefix, process.execPath, BUNDLE, ...args];
  const { exitCode, stdout, stderr } = await execa(file ?? '', rest, {
    input,
    cwd,
    reject: false,
    env: { NO_COLOR: '1' },
  });
  return { exitCode, stdout, stderr };
}
