import { constants } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A number that the kernel shows as a file and lets be written. */
export interface KernelSetting {
  /** `/proc/sys/net/netfilter/nf_conntrack_max`. */
  readonly path: string;
  readonly value: number;
}

export type SettingOutcome =
  | ({ readonly kind: 'unchanged' } & KernelSetting)
  | ({ readonly kind: 'changed'; readonly before: number | undefined } & KernelSetting)
  | Refusal;

/** The kernel keeps its value. */
export interface Refusal extends KernelSetting {
  readonly kind: 'refused';
  /** undefined where it could not even be read. */
  readonly before: number | undefined;
  readonly reason: RefusalReason;
  /** For the log and the Event: what was wanted, what is, and why. */
  readonly message: string;
}

export type RefusalReason =
  /** /proc/sys or /sys is mounted read-only, as in a container that is not privileged. */
  | 'readOnly'
  /** The process or its network namespace may not change this. */
  | 'notPermitted'
  /** No such file: the module that has the setting is not loaded. */
  | 'missing'
  /** The kernel has the setting but does not take the value. */
  | 'invalid';

/** Never makes a file: that one is missing has to be seen. */
const EXISTING = constants.O_WRONLY | constants.O_TRUNC;

/**
 * Gives a setting the value, unless it has it already.
 *
 * @param root where /proc and /sys are found, `/` but in tests
 */
export async function ensureSetting(root: string, { path, value }: KernelSetting): Promise<SettingOutcome> {
  const before = await readSetting(root, path);
  if (before === value) return { kind: 'unchanged', path, value };
  try {
    await writeFile(join(root, path), String(value), { flag: EXISTING });
    return { kind: 'changed', path, value, before };
  } catch (error) {
    const reason = reasonOf(error);
    const message = `${path}: expected to set ${value} (now ${before ?? 'unknown'}), got ${WORDS[reason]}`;
    return { kind: 'refused', path, value, before, reason, message };
  }
}

/** @returns undefined where the file is missing, cannot be read or holds no number */
export async function readSetting(root: string, path: string): Promise<number | undefined> {
  const text = await readText(root, path);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** @returns the file's text without white space around it, undefined where it cannot be read */
export async function readText(root: string, path: string): Promise<string | undefined> {
  return await readFile(join(root, path), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

const WORDS: Readonly<Record<RefusalReason, string>> = {
  readOnly: 'a read-only file system',
  notPermitted: 'no permission (it may belong to the host, outside of this network namespace)',
  missing: 'no such setting (its kernel module is not loaded)',
  invalid: 'a refusal of the value by the kernel',
};

function reasonOf(error: unknown): RefusalReason {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EROFS':
      return 'readOnly';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'missing';
    case 'EACCES':
    case 'EPERM':
    // What the kernel says to a process outside of the first network namespace that sets hashsize.
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
      return 'notPermitted';
    default:
      return 'invalid';
  }
}
