import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { InputError } from '../problems/problem.ts';
import { reasonOf } from '../problems/unreadable.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/completion.ts';
import { diffCommand } from './commands/diff.ts';
import { explainCommand } from './commands/explain.ts';
import { goldenCommand } from './commands/golden.ts';
import { graphCommand } from './commands/graph.ts';
import { labAgentCommand, labCommand } from './commands/lab.ts';
import { portsCommand } from './commands/ports.ts';
import { renderCommand } from './commands/render.ts';
import { runCommand } from './commands/run.ts';
import { schemaCommand } from './commands/schema.ts';
import { statusCommand } from './commands/status.ts';
import { FAILED, FINDERS, TROUBLE } from './exit-codes.ts';
import { HELP_LAYOUT, kubeProxyFlagsText, manualText } from './manual.ts';
import { complain } from './terminal.ts';
import { wrongWords } from './wrong-words.ts';

const OLDEST_NODE = [24, 11] as const;

const MANUAL = manualText({
  examples: [
    ['the options and examples of a command', 'chainwright help golden'],
    ['what a manifest does to a node', 'chainwright render -f web.yaml --hostname-override node-a'],
    ['on a node, in place of kube-proxy', 'chainwright run --config=/var/lib/kube-proxy/config.conf'],
  ],
  exitCodes: [
    [0, 'done; and where something was asked, the answer is that all is well'],
    [1, 'the answer is that something is not; where nothing was asked: something in the input is wrong'],
    [2, 'the command could not do its work'],
  ],
  seeAlso: ['README.md', 'https://kubernetes.io/docs/reference/networking/virtual-ips/', 'iptables(8)'],
});

/** Runs the command that the arguments name; resolves with the exit code of the process. */
export async function run(argv: readonly string[]): Promise<number> {
  const old = tooOld(process.versions.node);
  if (old !== undefined) {
    complain(old);
    return TROUBLE;
  }
  let exitCode = 0;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', passOverClosedPipe);
  try {
    const words = asCommandLine(argv.slice(2));
    await program((code) => (exitCode = code), words[0]).parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, FINDERS.has(argv[2] ?? '') ? TROUBLE : FAILED);
  }
}

/** `version`, as with other tools of a cluster; and commander's `help` passes over a command that is none. */
function asCommandLine(words: readonly string[]): readonly string[] {
  const [first = '', second = ''] = words;
  if (first === 'version') return ['--version'];
  const isUnknown = first === 'help' && second !== '' && !second.startsWith('-') && !COMMANDS.has(second);
  return isUnknown && second !== 'help' ? [second] : words;
}

/** A reader that goes away early (`--help | head`) is no error of ours. */
function passOverClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** By name, in the order in which help lists them. */
const COMMANDS: ReadonlyMap<string, (end: (code: number) => void) => Command> = new Map([
  ['run', runCommand],
  ['status', statusCommand],
  ['ports', portsCommand],
  ['render', renderCommand],
  ['check', checkCommand],
  ['diff', diffCommand],
  ['explain', explainCommand],
  ['golden', goldenCommand],
  ['graph', graphCommand],
  ['lab', labCommand],
  ['completion', completionCommand],
  ['schema', schemaCommand],
]);

/**
 * Commands are data; what one does is loaded only when it is run.
 *
 * @param named what the arguments name: a command is made alone, since the options of all the others take
 *   6 ms to make
 */
export function program(end: (code: number) => void, named?: string): Command {
  const root = new Command('chainwright');
  root
    .description('A kube-proxy replacement that writes iptables rules.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      outputError: (text) =>
        complain(
          wrongWords(
            text,
            root.commands.find((command) => command.name() === named),
          ),
        ),
    })
    .configureHelp(HELP_LAYOUT)
    .addHelpText('after', MANUAL)
    .addHelpText('afterAll', ({ command }) => {
      const flags = kubeProxyFlagsText(command);
      return flags === '' ? '' : `\n${flags}`;
    })
    .showSuggestionAfterError();
  for (const [name, make] of COMMANDS) {
    if (isNeeded(name, named)) root.addCommand(make(end).copyInheritedSettings(root));
  }
  root.addCommand(labAgentCommand().copyInheritedSettings(root), { hidden: true });
  return root;
}

/** Completion tells of all commands, as do help and the suggestions for a name that is none. */
function isNeeded(name: string, named = ''): boolean {
  return name === named || named === 'completion' || !COMMANDS.has(named);
}

/** @param wrongInput the exit code for what the user got wrong */
function report(error: unknown, wrongInput: number): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongInput;
  const message = error instanceof Error ? messageOf(error) : String(error);
  complain(message);
  if (error instanceof InputError) return wrongInput;
  if (REFUSED.test(message) && process.getuid?.() !== 0) complain('this takes root: try it with sudo');
  if (message.endsWith(MISSING))
    complain("Debian's packages are iptables, conntrack, iproute2 and util-linux");
  return TROUBLE;
}

/** In the words of the system's tools. */
const REFUSED = /permission denied|not permitted|must be root/i;
/** In ours. */
const MISSING = ': not installed, or not on the PATH';

/** Of files that could not be written too: which one, and why. */
function messageOf(error: NodeJS.ErrnoException): string {
  const { path, code, message } = error;
  return path === undefined || code === undefined ? message : `${path}: ${reasonOf(error)}`;
}

function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined;
  const oldest = OLDEST_NODE.join('.');
  return `chainwright needs Node ${oldest} or newer, this is ${version}; run it by node_modules/.bin/node`;
}
