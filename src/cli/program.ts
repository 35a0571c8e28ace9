import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { InputError } from '../problems/problem.ts';
import { labAgentCommand, labCommand } from './commands/lab.ts';
import { portsCommand } from './commands/ports.ts';
import { renderCommand } from './commands/render.ts';
import { runCommand } from './commands/run.ts';
import { FAILED, TROUBLE } from './exit-codes.ts';
import { complain } from './terminal.ts';

const OLDEST_NODE = [24, 11] as const;

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
    await program((code) => (exitCode = code)).parseAsync(argv);
    return exitCode;
  } catch (error) {
    return report(error);
  }
}

/** A reader that goes away early (`--help | head`) is no error of ours. */
function passOverClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Commands are data; what one does is loaded only when it is run. */
function program(end: (code: number) => void): Command {
  const root = new Command('chainwright')
    .description('A kube-proxy replacement that writes iptables rules.')
    .version(packageJson.version, '--version', 'print the version')
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(text.replace(/^error: /, '').trim()) })
    .showSuggestionAfterError();
  for (const command of [runCommand(end), portsCommand(end), renderCommand(end), labCommand(end)]) {
    root.addCommand(command.copyInheritedSettings(root));
  }
  root.addCommand(labAgentCommand().copyInheritedSettings(root), { hidden: true });
  return root;
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAILED;
  complain(error instanceof Error ? error.message : String(error));
  return error instanceof InputError ? FAILED : TROUBLE;
}

function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined;
  const oldest = OLDEST_NODE.join('.');
  return `chainwright needs Node ${oldest} or newer, this is ${version}; run it by node_modules/.bin/node`;
}
