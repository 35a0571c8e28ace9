import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where in the life of a tool that a sync runs it comes to a halt. */
export const STAGES = [
  'beforeSave',
  'inSave',
  'beforeRestore',
  'inRestore',
  'betweenSections',
  'afterCommit',
] as const;
export type Stage = (typeof STAGES)[number];

/** Tools of IPv4 in front of the real ones, which halt where they are told, until whoever started them is dead. */
export interface StagedTools {
  /** Goes first on the PATH. */
  readonly directory: string;
  /** The next tool that comes by halts there; undefined lets all pass. */
  readonly haltAt: (stage: Stage | undefined) => Promise<void>;
  /** Waits until some tool has halted; what it has committed by then is in the kernel. */
  readonly halted: () => Promise<void>;
}

/**
 * Halts a save of the filter table, which is what a sync begins with, and a restore that writes services. The
 * input of one that halts in the middle is cut off when its starter dies, as a pipe is whose writer is gone.
 */
const SCRIPT = `#!/bin/bash
name=$(basename "$0")
real=$(PATH=\${PATH#*:} command -v "$name")
stage=$(cat "$(dirname "$0")/../stage" 2>/dev/null)
hold() { echo "$name" > "$(dirname "$0")/../halted"; while kill -0 $PPID 2>/dev/null; do sleep 0.02; done; }
case $stage:$name in
  *Save:*-save)
    [[ "$*" = "-t filter" ]] || exec "$real" "$@"
    [[ $stage = beforeSave ]] || "$real" "$@" | head -n 5
    hold; exit 1 ;;
  beforeRestore:*-restore | inRestore:*-restore | betweenSections:*-restore | afterCommit:*-restore) ;;
  *) exec "$real" "$@" ;;
esac
input=$(mktemp "$(dirname "$0")/../input.XXXXXX")
cat > "$input"
grep -q '^:KUBE-S' "$input" || { "$real" "$@" < "$input"; exit; }
case $stage in
  beforeRestore) hold; exit 1 ;;
  inRestore) (head -n $(($(wc -l < "$input") / 2)) "$input"; hold) | "$real" "$@" ;;
  # What stands before the first COMMIT is in the kernel when the tool waits for more.
  betweenSections) (sed -n '1,/^COMMIT$/p' "$input"; sleep 0.3; hold) | "$real" "$@" ;;
  afterCommit) "$real" "$@" < "$input"; hold ;;
esac
`;

/** @param directory of the test's own */
export async function makeStagedTools(directory: string): Promise<StagedTools> {
  const tools = join(directory, 'tools');
  await mkdir(tools, { recursive: true });
  for (const kind of ['nft', 'legacy']) {
    for (const action of ['save', 'restore']) {
      await writeFile(join(tools, `iptables-${kind}-${action}`), SCRIPT, { mode: 0o755 });
    }
  }
  const stageFile = join(directory, 'stage');
  const haltedFile = join(directory, 'halted');
  return {
    directory: tools,
    haltAt: async (stage) => {
      await rm(haltedFile, { force: true });
      if (stage === undefined) await rm(stageFile, { force: true });
      else await writeFile(stageFile, stage);
    },
    halted: async () => {
      for (let tries = 0; tries < 1_000; tries += 1) {
        const name = await readFile(haltedFile, 'utf8').catch(() => '');
        if (name !== '') return;
        await sleep(20);
      }
      throw new Error('no tool came to its halt');
    },
  };
}
