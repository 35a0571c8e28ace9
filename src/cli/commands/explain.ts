import { Command, Option } from 'commander';
import type { CommentPolicy } from '../../chains/comments.ts';
import type { LayoutChoice } from '../../chains/layout-choice.ts';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import type { Protocol } from '../../model/objects.ts';
import { FAMILIES, type Family } from '../../net/address.ts';
import { INPUT, manualText, OUTPUT } from '../manual.ts';
import { commentsOption, layoutOption, manifestsOption } from './options.ts';

interface Options {
  readonly to?: string;
  readonly from?: string;
  readonly protocol?: Protocol;
  readonly filename?: readonly string[];
  readonly source?: string;
  readonly live: boolean;
  readonly rules?: string;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly family?: Family;
  readonly output: 'text' | 'json';
}

const MANUAL = manualText({
  sections: [
    {
      heading: 'What is explained',
      paragraphs: [
        'The first packet of a new connection is run through the rules, chain by chain: where it goes and how likely each way is, what is rewritten and why, and where it ends. Where it does not get to an endpoint the cause is named, and what most likely mends it.',
        'Of a service every address is tried: its cluster IP from a pod, all others from outside; or as --from says.',
        'Routes, reverse path filters, network policies outside iptables and the pods themselves are not looked at: `chainwright lab` sends real packets.',
      ],
    },
    {
      heading: 'Whose rules',
      rows: [
        ['-f', 'those that chainwright makes of these manifests, by --layout'],
        [
          '--live',
          "the kernel's with other programs' rules, and who of the host listens; against the cluster where one is named, or -f",
        ],
        [
          '--rules',
          'those of a dump, of kube-proxy in iptables mode, older ones too; against -f or a named cluster',
        ],
        ['nothing', 'those that chainwright makes of the cluster that --kubeconfig knows'],
      ],
    },
  ],
  examples: [
    ['why does it not answer?', 'chainwright explain web/shop -f manifests/ --hostname-override node-a'],
    [
      'a node port, from a certain client',
      'chainwright explain --to 192.0.2.10:30080 --from 203.0.113.7 -f cluster.yaml',
    ],
    [
      'from a pod',
      'chainwright explain --to 10.96.0.10:53 --protocol udp --from shop/10.244.1.5 -f cluster.yaml',
    ],
    [
      'on a node, with all that is in its kernel',
      'chainwright explain web/shop --live --config=/var/lib/kube-proxy/config.conf',
    ],
    [
      "a kube-proxy node's dump against the cluster",
      'ssh node-a iptables-save | chainwright explain web/shop --rules - -f cluster.yaml --hostname-override node-a',
    ],
  ],
  exitCodes: [
    [0, 'the traffic gets through'],
    [1, 'it does not, not always, or it cannot be told: the cause is named'],
    [2, 'something in the input is wrong, or could not be read'],
  ],
  seeAlso: [
    'chainwright graph --help',
    'chainwright lab --help',
    'chainwright schema explain',
    'iptables(8)',
  ],
});

export function explainCommand(end: (code: number) => void): Command {
  const command = new Command('explain')
    .description(
      'Tell in words where a packet to a service goes, and why it does not get there. Changes nothing.',
    )
    .argument('[service]', 'namespace/name, with :port for one of its ports')
    .option('--to <address:port>', 'explain a packet to there instead')
    .option('--from <who>', 'outside, node, pod, an address, or NAMESPACE/ADDRESS of a pod')
    .addOption(
      new Option('--protocol <protocol>', 'with --to tcp by default; of a service all').choices([
        'tcp',
        'udp',
        'sctp',
      ]),
    )
    .addOption(manifestsOption())
    .addOption(
      new Option('--source <source>', 'the cluster: api, or dir:PATH for a directory of manifests')
        .conflicts('filename')
        .helpGroup(INPUT),
    )
    .addOption(new Option('--live', "the kernel's rules; needs root").default(false).helpGroup(INPUT))
    .addOption(
      new Option('--rules <file>', 'what iptables-save and ip6tables-save printed; - is standard input')
        .conflicts('live')
        .helpGroup(INPUT),
    )
    .addOption(layoutOption().conflicts(['live', 'rules']).helpGroup(INPUT))
    .addOption(commentsOption().conflicts(['live', 'rules']).helpGroup(INPUT))
    .addOption(
      new Option('--family <family>', 'of a service; by default all that it has')
        .choices(FAMILIES)
        .helpGroup(INPUT),
    )
    .addOption(
      new Option('-o, --output <format>', 'text for people, json for programs')
        .choices(['text', 'json'])
        .default('text')
        .helpGroup(OUTPUT),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'rulesAndCluster');
  return command.action(async (service: string | undefined, options: Options) => {
    const { explainCommandLine } = await import('../explain.ts');
    end(await explainCommandLine(service, options, flagValues(command)));
  });
}
