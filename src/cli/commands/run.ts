import { setFlagsFromString } from 'node:v8';
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
    // A long life is worth more frequent collections: V8 would let garbage grow to the size of what is
    // alive. With 10,000 services x 2 endpoints that is 154 MB of RSS rather than 181.
    setFlagsFromString('--heap-growing-percent=20');
    const { run } = await import('../run.ts');
    end(await run(options, flagValues(command)));
  });
}
