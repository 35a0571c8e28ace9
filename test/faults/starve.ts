import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of one processor. */
const SHARE = 0.05;
/** Milliseconds. */
const CYCLE = 1_000;

/** Ends when it is disposed of. */
export interface Hunger extends AsyncDisposable {
  /** The process would have had more otherwise. */
  readonly isFelt: () => Promise<boolean>;
}

/**
 * Leaves a process, and what it starts, a twentieth of one processor until it is disposed of: by a control group,
 * and where the test may make none, by halting the process alone for most of each second.
 */
export async function starve(pid: number): Promise<Hunger> {
  return (
    (await byGroup(pid, '/sys/fs/cgroup', 'cpu.max', '5000 100000')) ??
    (await byGroup(pid, '/sys/fs/cgroup/cpu', 'cpu.cfs_quota_us', '5000')) ??
    byHalting(pid)
  );
}

async function byGroup(
  pid: number,
  root: string,
  setting: string,
  value: string,
): Promise<Hunger | undefined> {
  const group = join(root, `chainwright-test-${pid}`);
  const leave = async (): Promise<void> => {
    await writeFile(join(root, 'cgroup.procs'), String(pid)).catch(() => undefined);
    // Tools that it has started may still be in it.
    for (let tries = 0; tries < 100; tries += 1) {
      if (
        await rmdir(group).then(
          () => true,
          () => false,
        )
      )
        return;
      await sleep(100);
    }
  };
  try {
    await mkdir(group);
    await writeFile(join(group, setting), value, { flag: 'r+' });
    await writeFile(join(group, 'cgroup.procs'), String(pid));
  } catch {
    await rmdir(group).catch(() => undefined);
    return undefined;
  }
  const isFelt = async (): Promise<boolean> =>
    /^nr_throttled [1-9]/m.test(await readFile(join(group, 'cpu.stat'), 'utf8'));
  return { isFelt, [Symbol.asyncDispose]: leave };
}

function byHalting(pid: number): Hunger {
  const over = new AbortController();
  const halting = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      process.kill(pid, 'SIGSTOP');
      await sleep(CYCLE * (1 - SHARE));
      process.kill(pid, 'SIGCONT');
      await sleep(CYCLE * SHARE);
    }
  })();
  return {
    isFelt: () => Promise.resolve(true),
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await halting;
    },
  };
}
