import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';

/* A script that runs itself again on a node of its own: network, mounts and processes. */

const INSIDE = 'CHAINWRIGHT_BENCH_INSIDE';

export function isInside(): boolean {
  return process.env[INSIDE] === '1';
}

/**
 * Runs a script on a node of its own, and returns what it prints. Everything that it started ends with it,
 * since the processes of a namespace go with its first one.
 *
 * @throws Error where it ends otherwise than well, unless `anyCode`, or is not done in time
 */
export async function runOnOwnNode(
  script: string,
  args: readonly string[],
  { seconds, anyCode = false }: { readonly seconds: number; readonly anyCode?: boolean },
): Promise<{ readonly printed: string; readonly code: number }> {
  if (process.getuid?.() !== 0) throw new Error('the benchmark makes network namespaces and needs root');
  const own = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const child = spawn('unshare', [...own, '--', process.execPath, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [INSIDE]: '1' },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const limit = AbortSignal.timeout(seconds * 1000);
  limit.addEventListener('abort', kill);
  try {
    const [printed, code] = await Promise.all([text(child.stdout), ended]);
    if (limit.aborted) throw new Error(`${script} was not done after ${seconds} s`);
    if (code === null || (code !== 0 && !anyCode)) throw new Error(`${script} ended with ${String(code)}`);
    return { printed, code };
  } finally {
    limit.removeEventListener('abort', kill);
    process.off('exit', kill);
  }
}

/** Makes the namespaces a node: loopback is up, and the lock of the legacy tables is not the host's. */
export function prepareNode(): void {
  command('mount', '-t', 'tmpfs', 'tmpfs', '/run');
  command('ip', 'link', 'set', 'lo', 'up');
}

/** @throws Error unless it ends well */
export function command(file: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
  return stdout;
}

/** A line of a markdown table. */
export function row(...cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
