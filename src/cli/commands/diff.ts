import { Command, InvalidArgumentError, Option } from 'commander';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { FAMILIES } from '../../net/address.ts';
import type { DiffOptions } from '../diff.ts';
import { INPUT, manualText, OUTPUT } from '../manual.ts';
import { commentsOption, layoutOption, manifestsOption } from './options.ts';

const MANUAL = manualText({
  sections: [
    {
      heading: 'States',
      rows: [
        ['PATH', 'manifests: a file, a directory, or - for standard input; may be repeated'],
        ['cluster', 'the cluster that --kubeconfig knows, as it is now'],
        ['kernel', "this machine's rules; needs root"],
        ['rules:FILE', 'what iptables-save printed, of any service proxy of iptables since kube-proxy 1.18'],
      ],
    },
    {
      heading: 'What differs',
      paragraphs: [
        'States are compared by what they do: for each address and port of a service, which endpoints take which share of the traffic from outside, from pods and from the node, whose addresses they see, who may come in, and what is refused or dropped. Rules that look different and do the same, as those of the two layouts, are no difference; --rules shows them all the same.',
        'A dump does not tell the addresses of its node: those of the other state are taken, where it has them.',
      ],
    },
  ],
  examples: [
    [
      'what will this change do to node-a?',
      'chainwright diff --from old/ --to new/ -f cluster.yaml --hostname-override node-a',
    ],
    [
      'a comment on a pull request',
      'chainwright diff --from base/ --to . -f cluster.yaml --output markdown --rules',
    ],
    [
      'does the kernel have what the cluster wants?',
      'chainwright diff --from cluster --to kernel --config=/var/lib/kube-proxy/config.conf',
    ],
    ['a dump before and after', 'chainwright diff --from rules:before.txt --to rules:after.txt'],
  ],
  exitCodes: [
    [0, 'both mean the same'],
    [1, 'they do not: what differs is told'],
    [2, 'something in the input is wrong, or could not be read'],
  ],
  seeAlso: [
    'chainwright golden --help',
    'chainwright check --help',
    'chainwright schema diff',
    'iptables-save(8)',
  ],
});

export function diffCommand(end: (code: number) => void): Command {
  const command = new Command('diff')
    .description('Tell what differs between two states of a node, by what it means for services.')
    .addOption(stateOption('--from <state>', 'the state before'))
    .addOption(stateOption('--to <state>', 'the state after'))
    .addOption(manifestsOption())
    .addOption(layoutOption())
    .addOption(commentsOption())
    .addOption(
      new Option('--family <family>', 'to compare')
        .choices([...FAMILIES, 'all'])
        .default('all')
        .helpGroup(INPUT),
    )
    .addOption(
      new Option('--rules', 'show how the rules differ, too, as a unified diff')
        .default(false)
        .helpGroup(OUTPUT),
    )
    .addOption(
      new Option('-o, --output <format>', 'text for people, markdown for a comment, github for annotations')
        .choices(['text', 'json', 'markdown', 'github'])
        .default('text')
        .helpGroup(OUTPUT),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'rulesAndCluster');
  return command.action(async (options: DiffOptions) => {
    const { diff } = await import('../diff.ts');
    end(await diff(options, flagValues(command)));
  });
}

function stateOption(flags: string, meaning: string): Option {
  return new Option(flags, `${meaning}: a path, cluster, kernel or rules:FILE; paths may be repeated`)
    .makeOptionMandatory()
    .helpGroup(INPUT)
    .argParser((value: string, before: readonly string[] | undefined): readonly string[] => {
      if (value === '' || value === 'rules:') throw new InvalidArgumentError('expected a state.');
      return [...(before ?? []), value];
    });
}
