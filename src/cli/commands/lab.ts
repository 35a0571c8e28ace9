import { Command, InvalidArgumentError, Option } from 'commander';
import type { CommentPolicy } from '../../chains/comments.ts';
import type { LayoutChoice } from '../../chains/layout-choice.ts';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import type { BackendKind } from '../../iptables/backend.ts';
import { manualText, OUTPUT } from '../manual.ts';
import { commentsOption, layoutOption, manifestsOption } from './options.ts';

interface Options {
  readonly filename?: readonly string[];
  readonly backend?: BackendKind;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly requests: number;
  readonly keep: boolean;
  readonly output: 'table' | 'json';
}

const DEFAULT_REQUESTS = 100;

const MANUAL = manualText({
  examples: [
    ['the NodePort example', 'chainwright lab'],
    ['your own manifests', 'chainwright lab -f web.yaml --hostname-override node-a'],
    ['look around afterwards', 'chainwright lab --keep'],
  ],
  exitCodes: [
    [0, 'all requests arrived as expected'],
    [1, 'some did not'],
    [2, 'something in the input is wrong, or the lab could not be built'],
    [130, 'ended by SIGINT; 143 by SIGTERM, 129 by SIGHUP. Nothing is left behind'],
  ],
  seeAlso: ['chainwright check --help', 'chainwright schema lab', 'ip-netns(8)', 'unshare(1)'],
});

export function labCommand(end: (code: number) => void): Command {
  const command = new Command('lab')
    .description(
      'Build a throwaway node in network namespaces, load the rules of manifests, send real packets, tell what became of them, and remove it all.',
    )
    .addOption(manifestsOption())
    .addOption(
      new Option('--backend <backend>', 'of the rules; detected by default').choices(['nft', 'legacy']),
    )
    .addOption(layoutOption())
    .addOption(commentsOption())
    .addOption(
      new Option('--requests <number>', 'to send on each way that should arrive')
        .default(DEFAULT_REQUESTS)
        .argParser(wholeNumber),
    )
    .addOption(new Option('--keep', 'leave it all, and print how to enter').default(false))
    .addOption(
      new Option('-o, --output <format>', 'of the result')
        .choices(['table', 'json'])
        .default('table')
        .helpGroup(OUTPUT),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'rules');
  return command.action(async (options: Options) => {
    const { loadScene } = await import('../scene.ts');
    const { webapp1Example } = await import('../../lab/example.ts');
    const { runLab } = await import('../lab.ts');
    const { filename } = options;
    const flags = flagValues(command);
    const example = webapp1Example();
    const scene =
      filename === undefined
        ? await loadScene({
            filename: [example.filename],
            flags: { 'hostname-override': [example.hostnameOverride], ...flags },
          })
        : await loadScene({ filename, flags });
    end(await runLab(scene, options));
  });
}

/** What the lab starts in its namespaces; not for people. */
export function labAgentCommand(): Command {
  return new Command('lab-agent').action(async () => {
    const { runAgent } = await import('../../lab/agent.ts');
    runAgent();
  });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('expected a number from 1 to 999999.');
  return Number(text);
}
