import { Option, type Command } from 'commander';
import { FLAGS, type Flag, type FlagValues } from './flags.ts';

const GROUP = 'Flags of kube-proxy:';

/**
 * Gives the command every flag of kube-proxy, but those it has an option of the same name for. Values
 * are only collected; `readConfig` checks them, all at once. Loads neither schema nor YAML.
 */
export function addKubeProxyFlags(command: Command): void {
  for (const flag of FLAGS) {
    const isTaken = command.options.some((option) => option.long === `--${flag.name}`);
    if (!isTaken) command.addOption(optionOf(flag));
  }
}

/** The texts of the flags that the user gave, by name. */
export function flagValues(command: Command): FlagValues {
  return Object.fromEntries(
    FLAGS.flatMap(({ name }) => {
      const option = command.options.find(({ long }) => long === `--${name}`);
      if (option === undefined || command.getOptionValueSource(option.attributeName()) !== 'cli') return [];
      return [[name, textsOf(command.getOptionValue(option.attributeName()))]];
    }),
  );
}

/** A flag without a value is true; an option the command defined for itself may hold anything. */
function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}

function optionOf(flag: Flag): Option {
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  const isOptional = flag.kind === 'bool' || flag.kind === 'boolOrText';
  const value = isOptional ? `[${PLACEHOLDERS[flag.kind]}]` : `<${PLACEHOLDERS[flag.kind]}>`;
  const standard = flag.default === undefined ? '' : ` (default: ${flag.default})`;
  return new Option(`${short}--${flag.name} ${value}`, flag.help + standard)
    .argParser(flag.short === undefined ? collect : collectShort)
    .helpGroup(GROUP)
    .hideHelp(isIdle(flag));
}

const PLACEHOLDERS: Readonly<Record<Flag['kind'], string>> = {
  bool: 'bool',
  boolOrText: 'bool',
  int: 'number',
  float: 'number',
  duration: 'duration',
  text: 'text',
  nonEmpty: 'text',
  list: 'list',
  gates: 'gates',
  levels: 'levels',
};

function isIdle(flag: Flag): boolean {
  return flag.use === 'unused' || flag.use === 'refused' || (flag.use === 'config' && flag.why !== undefined);
}

/** A flag without a value does not come by here: commander sets it to true. */
function collect(text: string, earlier: unknown): readonly string[] {
  return [...(Array.isArray(earlier) ? textsOf(earlier) : []), text];
}

/** `-v=2` reaches us as `=2`: commander, unlike pflag, knows no equals sign after a short option. */
function collectShort(text: string, earlier: unknown): readonly string[] {
  return collect(text.replace(/^=/, ''), earlier);
}
