import { Command, Option } from 'commander';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { FAMILIES, type Family } from '../../net/address.ts';
import { examples, manifestsOption } from './options.ts';

interface Options {
  readonly filename: readonly string[];
  readonly family?: Family | 'all';
  readonly output: 'restore' | 'json';
  readonly outDir?: string;
}

const EXAMPLES = examples([
  ["the rules of web.yaml's Services", 'chainwright render -f web.yaml'],
  ['as node-a sees them', 'chainwright render -f manifests/ --hostname-override node-a --family ipv6'],
  [
    'of a live cluster',
    'kubectl get nodes,services,endpointslices -A -o yaml | chainwright render -f - --hostname-override node-a',
  ],
  ['golden files for a review', 'chainwright render -f manifests/ --family all --out-dir golden'],
]);

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
    .addOption(new Option('--layout <layout>', 'of the chains').choices(['classic']).default('classic'))
    .addOption(
      new Option('--output <format>', 'restore is what iptables-restore reads')
        .choices(['restore', 'json'])
        .default('restore'),
    )
    .option('--out-dir <directory>', 'write a file for each family: ipv4.rules, ipv6.rules')
    .addHelpText('after', EXAMPLES);
  addKubeProxyFlags(command);
  return command.action(async (options: Options) => {
    const { loadScene } = await import('../scene.ts');
    const { render } = await import('../render.ts');
    const scene = await loadScene({ filename: options.filename, flags: flagValues(command) });
    await render(scene, options);
    end(0);
  });
}
