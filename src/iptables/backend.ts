import type { Family } from '../net/address.ts';
import type { Milliseconds } from '../model/settings.ts';
import type { Command } from './tool.ts';

/** Which of the kernel's two rule stores holds the rules. Rules in both at once are a mix-up. */
export type BackendKind = 'nft' | 'legacy';

/**
 * How long a tool may take before it is stopped: one whose failure is made up for by other means, and one
 * without which rules stay as they are. Ten times and more of what 10,000 services take on a starved node.
 */
export interface ToolLimits {
  readonly firstTry: Milliseconds;
  readonly lastResort: Milliseconds;
}

/** To wait for another program that holds the lock of the legacy tables; kube-proxy's number. */
export const LOCK_SECONDS = 5;

export const TOOL_LIMITS: ToolLimits = { firstTry: 30_000, lastResort: 300_000 };

/** The tools of one family, by the names that leave no doubt which store they write. */
export interface Backend {
  readonly kind: BackendKind;
  readonly family: Family;
  /** The commands, each the program and its first arguments. */
  readonly restore: Command;
  readonly save: Command;
  /** `iptables` itself. */
  readonly list: Command;
  /** Prints the changes that anybody makes, of either family; the legacy store tells of none. */
  readonly monitor: Command;
  readonly limits: ToolLimits;
}

/**
 * @param via a command that runs another one elsewhere, such as `ip netns exec node`
 */
export function backendOf(kind: BackendKind, family: Family, via: readonly string[] = []): Backend {
  const run = (file: string, ...args: readonly string[]): Command => {
    const [first, ...rest] = via;
    return first === undefined ? [file, ...args] : [first, ...rest, file, ...args];
  };
  const name = `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${kind}`;
  return {
    kind,
    family,
    restore: run(`${name}-restore`),
    save: run(`${name}-save`),
    list: run(name),
    monitor: run('stdbuf', '--output=L', 'xtables-monitor', '--event'),
    limits: TOOL_LIMITS,
  };
}
