import { Command, Option } from 'commander';
import type { CommentPolicy } from '../../chains/comments.ts';
import type { LayoutChoice } from '../../chains/layout-choice.ts';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { FAMILIES, type Family } from '../../net/address.ts';
import { manualText, OUTPUT } from '../manual.ts';
import { commentsOption, layoutOption, manifestsOption } from './options.ts';

interface Options {
  readonly filename: readonly string[];
  readonly family?: Family | 'all';
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly output: 'restore' | 'json';
  readonly outDir?: string;
}

const MANUAL = manualText({
  examples: [
    ["the rules of web.yaml's Services", 'chainwright render -f web.yaml'],
    ['as node-a sees them', 'chainwright render -f manifests/ --hostname-override node-a --family ipv6'],
    [
      'of a live cluster',
      'kubectl get nodes,services,endpointslices -A -o yaml | chainwright render -f - --hostname-override node-a',
    ],
    ['both families, each in a file', 'chainwright render -f web.yaml --family all --out-dir rules'],
  ],
  exitCodes: [
    [0, 'the rules were printed'],
    [1, 'something in the input is wrong'],
    [2, 'a file could not be written'],
  ],
  seeAlso: ['chainwright golden --help', 'chainwright schema render', 'iptables-restore(8)'],
});

export function renderCommand(end: (code: number) => void): Command {
  const command = new Command('render')
    .description(
      'Print the rules that manifests make on a node. Touches nothing, needs no root and no iptables.',
    )
    .addOption(manifestsOption().makeOptionMandatory())
    .addOption(
      new Option('--family <family>', "of the rules; by default the node's first").choices([
        ...FAMILIES,
        'all',
      ]),
    )
    .addOption(layoutOption())
    .addOption(commentsOption())
    .addOption(
      new Option('-o, --output <format>', 'restore is what iptables-restore reads')
        .choices(['restore', 'json'])
        .default('restore')
        .helpGroup(OUTPUT),
    )
    .addOption(
      new Option('--out-dir <directory>', 'write a file for each family: ipv4.rules, ipv6.rules').helpGroup(
        OUTPUT,
      ),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'rules');
  return command.action(async (options: Options) => {
    const { loadScene } = await import('../scene.ts');
    const { render } = await import('../render.ts');
    const scene = await loadScene({ filename: options.filename, flags: flagValues(command) });
    await render(scene, options);
    end(0);
  });
}
