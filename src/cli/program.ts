import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addKubeProxyFlags, flagValues } from '../config/commander.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import { InputError } from '../problems/problem.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { complain } from './terminal.ts';

const OLDEST_NODE = [24, 11] as const;

/** What went wrong was in the input, or in what was asked for. */
const FAILED = 1;
/** What went wrong was around us: a tool, a file, the kernel, or a mistake of ours. */
const BROKEN = 2;

/** Runs the command that the arguments name; resolves with the exit code of the process. */
export async function run(argv: readonly string[]): Promise<number> {
  const old = tooOld(process.versions.node);
  if (old !== undefined) {
    complain(old);
    return BROKEN;
  }
  try {
    await buildProgram().parseAsync(argv);
    return 0;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAILED;
  complain(error instanceof Error ? error.message : String(error));
  return error instanceof InputError ? FAILED : BROKEN;
}

function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined;
  return `chainwright needs Node ${OLDEST_NODE.join('.')} or newer, this is ${version}; run it by node_modules/.bin/node`;
}

/** The commands as data. What a command does is loaded only when it is run. */
function buildProgram(): Command {
  const program = new Command('chainwright')
    .description('A kube-proxy replacement that writes iptables rules.')
    .version(packageJson.version, '--version', 'print the version')
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(text.replace(/^error: /, '').trim()) })
    .showSuggestionAfterError();

  const render = program
    .command('render')
    .description(
      'Print the rules that manifests make on a node. Touches nothing, needs no root and no iptables.',
    )
    .addOption(filenames().makeOptionMandatory())
    .addOption(
      new Option('--family <family>', "of the rules; by default the node's first").choices([
        ...FAMILIES,
        'all',
      ]),
    )
    .addOption(new Option('--layout <layout>', 'of the chains').choices(['classic']).default('classic'))
    .addOption(
      new Option('--output <format>', 'restore: input of iptables-restore')
        .choices(['restore', 'json'])
        .default('restore'),
    )
    .option('--out-dir <directory>', 'write a file for each family instead: ipv4.rules, ipv6.rules')
    .addHelpText(
      'after',
      examples([
        ['chainwright render -f web.yaml', "the rules of web.yaml's Services"],
        ['chainwright render -f manifests/ --hostname-override node-a --family ipv6', 'as node-a sees them'],
        [
          'kubectl get nodes,services,endpointslices -A -o yaml | chainwright render -f - --hostname-override node-a',
          "a cluster's",
        ],
        ['chainwright render -f manifests/ --family all --out-dir golden', 'golden files for a review'],
      ]),
    );
  addKubeProxyFlags(render);
  render.action(async (options) => {
    const { loadScene } = await import('./scene.ts');
    const command = await import('./render.ts');
    const scene = await loadScene({
      filename: options.filename as readonly string[],
      flags: flagValues(render),
    });
    await command.render(scene, options as RenderOptions);
  });

  return program;
}

interface RenderOptions {
  readonly family?: Family | 'all';
  readonly output: 'restore' | 'json';
  readonly outDir?: string;
}

function filenames(): Option {
  return new Option(
    '-f, --filename <path>',
    'manifests: a file, a directory, or - for standard input; may be repeated',
  ).argParser((value: string, before: readonly string[] | undefined) => {
    if (value === '') throw new InvalidArgumentError('expected a path.');
    return [...(before ?? []), value];
  });
}

function examples(rows: readonly (readonly [command: string, meaning: string])[]): string {
  return `\nExamples:\n${rows.map(([command, meaning]) => `  # ${meaning}\n  ${command}`).join('\n')}\n`;
}
