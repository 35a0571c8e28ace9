import type { Flag, FlagValues } from './flags/flag.ts';
import { IDLE_FLAGS } from './flags/idle.ts';
import { COMMAND_FLAGS, PROCESS_FLAGS } from './flags/process.ts';
import { CONNTRACK_FLAGS, RULE_FLAGS } from './flags/rules.ts';
import { parseBool } from './flags/values.ts';

export type { Flag, FlagValues } from './flags/flag.ts';

/** Every flag of kube-proxy 1.36 for Linux, and those of Windows and of older releases, to refuse them. */
export const FLAGS: readonly Flag[] = [
  ...COMMAND_FLAGS,
  ...PROCESS_FLAGS,
  ...RULE_FLAGS,
  ...CONNTRACK_FLAGS,
  ...IDLE_FLAGS,
];

/** What the command itself was asked to do, by kube-proxy's names. */
export interface CommandFlags {
  readonly config: string | undefined;
  readonly writeConfigTo: string | undefined;
  readonly master: string | undefined;
  /** `true`, or `raw` and whatever else follows `--version=`. */
  readonly version: string | undefined;
  readonly cleanup: boolean;
  readonly initOnly: boolean;
}

/**
 * Reads the flags that set no field. Empty texts count as none, and a text that is no boolean as false:
 * `readConfig` complains of that.
 */
export function commandFlags(values: FlagValues): CommandFlags {
  const last = (name: string): string | undefined => values[name]?.findLast((text) => text !== '');
  const isOn = (name: string): boolean => parseBool(last(name) ?? 'false') ?? false;
  const version = last('version');
  return {
    config: last('config'),
    writeConfigTo: last('write-config-to'),
    master: last('master'),
    version: parseBool(version ?? 'false') === false ? undefined : version,
    cleanup: isOn('cleanup'),
    initOnly: isOn('init-only'),
  };
}
