import { setFlagsFromString } from 'node:v8';
import { Command, Option } from 'commander';
import type { LayoutChoice } from '../../chains/layout-choice.ts';
import type { CommentPolicy } from '../../chains/comments.ts';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { VERIFY_MODES, type VerifyMode } from '../../verify/choice.ts';
import { manualText } from '../manual.ts';
import { commentsOption, layoutOption } from './options.ts';

interface Options {
  readonly source: string;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly conntrackResetGoneEndpoints: boolean;
  readonly verify: VerifyMode;
}

const MANUAL = manualText({
  examples: [
    [
      'in place of kube-proxy, with its ConfigMap',
      'chainwright run --config=/var/lib/kube-proxy/config.conf',
    ],
    ['without a cluster', 'chainwright run --source dir:manifests/examples --hostname-override node-a'],
    ['remove all rules of a service proxy', 'chainwright run --cleanup'],
  ],
  exitCodes: [
    [0, 'ended by SIGTERM or SIGINT, or what else was asked for is done'],
    [1, 'something in the configuration or the flags is wrong, or the file of --config has changed'],
    [2, 'something on the node is wrong: a tool is missing, or the kernel refuses'],
  ],
  files: [
    ['/var/run/secrets/kubernetes.io/serviceaccount', 'how to reach the API in a pod, without --kubeconfig'],
    ['/run/xtables.lock', 'held while iptables-legacy writes'],
    ['/proc/sys/net', "the kernel's settings that the configuration asks for"],
  ],
  seeAlso: [
    'chainwright status --help',
    'chainwright ports --help',
    'chainwright check --help',
    'manifests/base',
    'iptables(8)',
    'conntrack(8)',
  ],
});

export function runCommand(end: (code: number) => void): Command {
  const command = new Command('run')
    .description('Follow a cluster and keep the rules of this node true, until SIGTERM. The rules stay.')
    .option('--source <source>', 'api, or dir:PATH for a directory of manifests', 'api')
    .addOption(layoutOption())
    .addOption(commentsOption())
    .addOption(
      new Option(
        '--verify <mode>',
        'prove rules before they are written: of a few services of each sync, or of all',
      )
        .choices(VERIFY_MODES)
        .default('sample'),
    )
    .addOption(
      new Option(
        '--conntrack-reset-gone-endpoints',
        'reset open TCP connections to endpoints that are gone',
      ).default(false),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command);
  return command.action(async (options: Options) => {
    // A long life is worth more frequent collections: V8 would let garbage grow to the size of what is
    // alive. With 10,000 services x 2 endpoints that is 154 MB of RSS rather than 181.
    setFlagsFromString('--heap-growing-percent=20');
    const { run } = await import('../run.ts');
    end(await run(options, flagValues(command)));
  });
}
