import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { InputError } from '../problems/problem.ts';
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
import { HELP_LAYOUT, manualText } from './manual.ts';
import { complain } from './terminal.ts';

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
    await program((code) => (exitCode = code), argv[2]).parseAsync(argv);
    return exitCode;
  } catch (error) {
    return report(error, FINDERS.has(argv[2] ?? '') ? TROUBLE : FAILED);
  }
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
  const root = new Command('chainwright')
    .description('A kube-proxy replacement that writes iptables rules.')
    .version(packageJson.version, '--version', 'print the version')
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(text.replace(/^error: /, '').trim()) })
    .configureHelp(HELP_LAYOUT)
    .addHelpText('after', MANUAL)
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
  complain(error instanceof Error ? error.message : String(error));
  return error instanceof InputError ? wrongInput : TROUBLE;
}

function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined;
  const oldest = OLDEST_NODE.join('.');
  return `chainwright needs Node ${oldest} or newer, this is ${version}; run it by node_modules/.bin/node`;
}
