import { Option, type Command } from 'commander';
import { InputError } from '../problems/problem.ts';
import { FLAGS, type Flag, type FlagValues } from './flags.ts';
import { COMMAND_FLAGS, PROCESS_FLAGS } from './flags/process.ts';
import { CONNTRACK_FLAGS, RULE_FLAGS } from './flags/rules.ts';

/**
 * The flags that help shows: all; those that decide what the rules are; these and how to reach the
 * cluster; or those that decide where metrics are served.
 */
export type ShownFlags = 'all' | 'rules' | 'rulesAndCluster' | 'metricsAddress';

/**
 * Gives the command every flag of kube-proxy, but those it has an option of the same name for. Values
 * are only collected; `readConfig` checks them, all at once. Loads neither schema nor YAML.
 */
export function addKubeProxyFlags(command: Command, shown: ShownFlags = 'all'): void {
  for (const flag of FLAGS) {
    const isTaken = command.options.some((option) => option.long === `--${flag.name}`);
    if (!isTaken) command.addOption(optionOf(flag).hideHelp(isIdle(flag) || !isShown(flag, shown)));
  }
  if (shown !== 'all') command.hook('preAction', () => refuseOrders(command, shown));
}

/**
 * Settings that mean nothing to a command are taken, so that kube-proxy's flags can be given as they are. What
 * has the daemon do something else, or ask somewhere else, must not be passed over.
 *
 * @throws InputError
 */
function refuseOrders(command: Command, shown: ShownFlags): void {
  const given = flagValues(command);
  const problems = COMMAND_FLAGS.filter((flag) => !isShown(flag, shown))
    .filter(({ name }) => given[name]?.some((text) => text !== 'false'))
    .map(({ name }) => {
      const message = `means nothing to chainwright ${command.name()}, only to chainwright run`;
      return { where: `--${name}`, path: '', message };
    });
  if (problems.length > 0) throw new InputError(problems);
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
  const what = FILES.has(flag.name) ? 'file' : PLACEHOLDERS[flag.kind];
  const value = isOptional ? `[${what}]` : `<${what}>`;
  const standard = flag.default === undefined ? '' : ` (default: ${flag.default})`;
  return new Option(`${short}--${flag.name} ${value}`, flag.help + standard)
    .argParser(flag.short === undefined ? collect : collectShort)
    .helpGroup(headingOf(flag));
}

function isShown({ name }: Flag, shown: ShownFlags): boolean {
  if (shown === 'metricsAddress') return DECIDES_METRICS_ADDRESS.has(name);
  if (shown === 'all' || DECIDES_RULES.has(name)) return true;
  return shown === 'rulesAndCluster' && REACHES_CLUSTER.has(name);
}

const TIMING: ReadonlySet<string> = new Set(['iptables-sync-period', 'iptables-min-sync-period']);

const DECIDES_RULES: ReadonlySet<string> = new Set([
  ...RULE_FLAGS.map(({ name }) => name).filter((name) => !TIMING.has(name)),
  ...['config', 'hostname-override', 'bind-address', 'conntrack-tcp-be-liberal'],
]);

const DECIDES_METRICS_ADDRESS: ReadonlySet<string> = new Set([
  'config',
  'metrics-bind-address',
  'metrics-port',
  'bind-address',
]);

const REACHES_CLUSTER: ReadonlySet<string> = new Set(['kubeconfig', 'master']);

function headingOf(flag: Flag): string {
  const group = GROUPS.find(({ flags }) => flags.includes(flag));
  return group === undefined ? 'Flags of kube-proxy:' : `Flags of kube-proxy, ${group.about}:`;
}

const GROUPS: readonly { readonly about: string; readonly flags: readonly Flag[] }[] = [
  { about: 'what to do', flags: COMMAND_FLAGS },
  { about: 'the process', flags: PROCESS_FLAGS },
  { about: 'the rules', flags: RULE_FLAGS },
  { about: 'connection tracking', flags: CONNTRACK_FLAGS },
];

const FILES: ReadonlySet<string> = new Set(['config', 'kubeconfig', 'write-config-to']);

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
