import { Command, Option } from 'commander';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { examples } from './options.ts';

interface Options {
  readonly source: string;
  readonly conntrackResetGoneEndpoints: boolean;
}

const EXAMPLES = examples([
  ['in place of kube-proxy, with its ConfigMap', 'chainwright run --config=/var/lib/kube-proxy/config.conf'],
  ['without a cluster', 'chainwright run --source dir:manifests/examples --hostname-override node-a'],
  ['remove all rules of a service proxy', 'chainwright run --cleanup'],
]);

export function runCommand(end: (code: number) => void): Command {
  const command = new Command('run')
    .description('Follow a cluster and keep the rules of this node true, until SIGTERM. The rules stay.')
    .option('--source <source>', 'api, or dir:PATH for a directory of manifests', 'api')
    .addOption(
      new Option(
        '--conntrack-reset-gone-endpoints',
        'reset open TCP connections to endpoints that are gone',
      ).default(false),
    )
    .addHelpText('after', EXAMPLES);
  addKubeProxyFlags(command);
  return command.action(async (options: Options) => {
    const { run } = await import('../run.ts');
    end(await run(options, flagValues(command)));
  });
}
