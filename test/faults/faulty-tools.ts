import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/*
 * The tools of a sync, with faults. A directory that is the whole PATH of a daemon, with a script for each tool that
 * runs the real one, unless it is told otherwise.
 */

const NAMES = ['iptables', 'ip6tables']
  .flatMap((family) => ['nft', 'legacy'].map((kind) => `${family}-${kind}`))
  .flatMap((name) => [name, `${name}-save`, `${name}-restore`])
  .concat('iptables', 'conntrack', 'stdbuf', 'xtables-monitor');

/** What a tool does instead of its work. */
export type Fault =
  /** Ends with this code before it has read or written anything. */
  | { readonly kind: 'exit'; readonly code: number }
  /** Does its work, and says that it failed. */
  | { readonly kind: 'exitAfterwards'; readonly code: number }
  /** Is killed, half of its input read. */
  | { readonly kind: 'killed' }
  /** The first that comes by does nothing, by a child of its own, and never ends. */
  | { readonly kind: 'hangs' }
  /** Prints what nobody can read, and says that all is well. */
  | { readonly kind: 'garbage' }
  /** Prints the beginning of what it should, and says that all is well. */
  | { readonly kind: 'half' }
  /** May have so many KiB of memory: enough to begin, or not even that. */
  | { readonly kind: 'memory'; readonly kilobytes: number }
  /** Is not installed. */
  | { readonly kind: 'missing' };

export interface FaultyTools {
  /** The PATH. */
  readonly directory: string;
  /** @param names of tools, as a pattern of the shell: `*-restore` */
  readonly set: (names: string, fault: Fault) => Promise<void>;
  readonly mend: () => Promise<void>;
  /** How many tools have had the fault since it was set. */
  readonly felt: () => Promise<number>;
}

const script = (real: string): string => `#!/bin/bash
state=\${0%/*}/../fault; real=${real}
read -r pattern action value 2>/dev/null < "$state" || exec "$real" "$@"
[[ \${0##*/} = $pattern ]] || exec "$real" "$@"
echo >> "$state.felt"
case $action in
  exit) echo "the test says no" >&2; exit "$value" ;;
  exitAfterwards) "$real" "$@"; exit "$value" ;;
  killed) (read -r -N 1000 half; printf '%s' "$half") | "$real" "$@"; kill -9 $$ ;;
  hangs) /bin/mkdir "$state.once" 2>/dev/null || exec "$real" "$@"; /bin/sleep 1000 ;;
  garbage) /usr/bin/head -c 300000 /dev/urandom ;;
  half) "$real" "$@" | /usr/bin/head -n 12 ;;
  memory) ulimit -v "$value"; exec "$real" "$@" ;;
esac
`;

/** @param directory of the test's own */
export async function makeFaultyTools(directory: string): Promise<FaultyTools> {
  const tools = join(directory, 'tools');
  const state = join(directory, 'fault');
  await mkdir(tools, { recursive: true });
  const scripts = new Map<string, string>();
  for (const name of NAMES) {
    const { stdout, exitCode } = await execa('sh', ['-c', `command -v ${name}`], { reject: false });
    if (exitCode === 0) scripts.set(join(tools, name), script(stdout));
  }
  const install = async (): Promise<void> => {
    for (const [file, text] of scripts) await writeFile(file, text, { mode: 0o755, flag: 'w' });
  };
  await install();
  const isOf = (names: string, file: string): boolean =>
    file.endsWith(names.replace('*', '')) && (names.startsWith('*') || file.endsWith(`/${names}`));
  return {
    directory: tools,
    set: async (names, fault) => {
      await rm(`${state}.felt`, { force: true });
      await rm(`${state}.once`, { force: true, recursive: true });
      if (fault.kind === 'missing') {
        for (const file of scripts.keys()) if (isOf(names, file)) await rm(file);
        return;
      }
      const value = 'code' in fault ? fault.code : 'kilobytes' in fault ? fault.kilobytes : '';
      await writeFile(state, `${names} ${fault.kind} ${value}\n`);
    },
    mend: async () => {
      await rm(state, { force: true });
      await install();
    },
    felt: async () => (await readFile(`${state}.felt`, 'utf8').catch(() => '')).length,
  };
}
