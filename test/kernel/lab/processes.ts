import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Footprint {
  readonly processes: ReadonlySet<number>;
  /** `net:[4026532179]` and the like, without those that this process is in. */
  readonly namespaces: ReadonlySet<string>;
}

const KINDS = ['mnt', 'net', 'pid', 'user'];

/** The descendants of a process, and the namespaces that they are in. */
export function footprintOf(root: number): Footprint {
  const parents = new Map(allProcesses().map((pid) => [pid, parentOf(pid)]));
  const processes = new Set([root]);
  for (let before = 0; before !== processes.size;) {
    before = processes.size;
    for (const [pid, parent] of parents)
      if (parent !== undefined && processes.has(parent)) processes.add(pid);
  }
  const ours = namespacesOf('self');
  const namespaces = [...processes]
    .flatMap((pid) => [...namespacesOf(pid)])
    .filter((name) => !ours.has(name));
  return { processes, namespaces: new Set(namespaces) };
}

/** What is left of a footprint, once it has had a few seconds to go. */
export async function remainsOf(footprint: Footprint): Promise<readonly string[]> {
  let remains: readonly string[] = [];
  for (let attempt = 0; attempt < 100; attempt += 1) {
    remains = remainsNow(footprint);
    if (remains.length === 0) return [];
    await sleep(50);
  }
  return remains;
}

function remainsNow({ processes, namespaces }: Footprint): readonly string[] {
  return allProcesses().flatMap((pid) => {
    const inside = [...namespacesOf(pid)].filter((name) => namespaces.has(name));
    if (inside.length > 0) return inside.map((name) => `process ${pid} in ${name}`);
    return processes.has(pid) && parentOf(pid) !== undefined ? [`process ${pid}`] : [];
  });
}

function allProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** undefined for what has ended, be it that nobody has asked for its exit code yet. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

function namespacesOf(pid: number | 'self'): ReadonlySet<string> {
  const names = KINDS.flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
  return new Set(names);
}

/** Everything that is mounted where this process can see it. */
export function mounts(): readonly string[] {
  return readFileSync('/proc/self/mounts', 'utf8').split('\n').sort();
}
