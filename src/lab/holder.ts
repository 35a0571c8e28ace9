import { once } from 'node:events';
import { execa } from 'execa';
import type { Command } from '../iptables/tool.ts';
import { LabError } from './error.ts';

/**
 * A process that holds namespaces of its own for networks, mounts and process ids. Whatever runs or is
 * mounted in them goes when it goes, and it goes when nobody holds the other end of its standard input
 * any more: even where this process is killed, the kernel clears everything away.
 */
export interface Holder {
  /** The holder, as seen from outside. */
  readonly pid: number;
  /**
   * Put before a command, runs it inside.
   *
   * @param namespace one made by `ip netns add` inside; the holder's own without it
   */
  via(namespace?: string): Command;
  /**
   * Leaves it standing when this process ends.
   *
   * @returns the process whose end will be the holder's
   */
  keep(): number;
  /**
   * Ends it, and waits until all of it is gone.
   *
   * @returns false where it was kept, and stands on
   */
  end(): Promise<boolean>;
}

const IN_USER_NAMESPACE = ['--user', '--map-root-user'];
/** Milliseconds until a holder that does not end is killed, which its child notices. */
const PATIENCE = 5_000;

/**
 * @param signal ends the holder, at whatever state of the lab
 * @throws LabError where this user may not make namespaces
 */
export async function startHolder(signal?: AbortSignal): Promise<Holder> {
  const refusals: string[] = [];
  // Root may lack the capability, as in a container.
  const attempts = process.getuid?.() === 0 ? [[], IN_USER_NAMESPACE] : [IN_USER_NAMESPACE];
  for (const userOptions of attempts) {
    const { child, greeting, stderr } = await greet(userOptions);
    // `cat /proc/self/stat` says which process it is, as /proc of the outside sees it.
    const pid = Number(/^(\d+) \(cat\)/.exec(greeting)?.[1]);
    if (Number.isInteger(pid)) return holderOf(child, pid, userOptions.length > 0, signal);
    refusals.push(stderr || 'it ended without a word');
  }
  throw new LabError(
    'expected to be root, or to be on a kernel that lets every user make namespaces ' +
      '(sysctl user.max_user_namespaces above 0; in a container: --privileged), ' +
      `got: ${[...new Set(refusals)].join('; ')}`,
  );
}

function spawnHolder(userOptions: readonly string[]) {
  const options = [...userOptions, '--mount', '--net', '--pid', '--fork', '--kill-child'];
  return execa('unshare', [...options, 'cat', '/proc/self/stat', '-'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: { stdout: false },
    // Not in the terminal's process group: Ctrl-C is for us, and we end it.
    detached: true,
    cleanup: false,
    reject: false,
  });
}

type HolderProcess = ReturnType<typeof spawnHolder>;

async function greet(userOptions: readonly string[]) {
  const child = spawnHolder(userOptions);
  const ended = child.then(({ stderr, shortMessage, code }) => ({
    stderr: stderr.trim() || (code === 'ENOENT' ? 'unshare (util-linux) is not installed' : shortMessage),
  }));
  // One short write: the first chunk is the whole of it.
  const greeted = once(child.stdout, 'data').then(([chunk]: unknown[]) => String(chunk));
  greeted.catch(() => undefined);
  const first = await Promise.race([greeted, ended]);
  return typeof first === 'string'
    ? { child, greeting: first, stderr: '' }
    : { child, greeting: '', stderr: first.stderr ?? '' };
}

function holderOf(
  child: HolderProcess,
  pid: number,
  inUserNamespace: boolean,
  signal: AbortSignal | undefined,
): Holder {
  const user = inUserNamespace ? [`--user=/proc/${pid}/ns/user`, '--preserve-credentials'] : [];
  let kept = false;
  const letGo = (): void => void child.stdin.end();
  signal?.addEventListener('abort', letGo, { once: true });
  if (signal?.aborted === true) letGo();
  return {
    pid,
    via: (namespace) => [
      'nsenter',
      ...user,
      `--mount=/proc/${pid}/ns/mnt`,
      `--pid=/proc/${pid}/ns/pid`,
      `--net=/proc/${pid}/${namespace === undefined ? 'ns/net' : `root/run/netns/${namespace}`}`,
      '--',
    ],
    keep: () => {
      const keeper = execa('sleep', ['infinity'], {
        stdio: ['ignore', 'ignore', 'ignore', child.stdin],
        detached: true,
        cleanup: false,
        reject: false,
      });
      if (keeper.pid === undefined) throw new LabError('sleep: not installed, or not on the PATH');
      kept = true;
      signal?.removeEventListener('abort', letGo);
      keeper.nodeChildProcess.unref();
      child.nodeChildProcess.unref();
      // Closes our end only: shutting the pipe down would shut the keeper's end too.
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
      return keeper.pid;
    },
    end: async () => {
      if (kept) return false;
      letGo();
      const killing = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await child;
      clearTimeout(killing);
      return true;
    },
  };
}
