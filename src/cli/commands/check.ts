import { Command, InvalidArgumentError, Option } from 'commander';
import type { CommentPolicy } from '../../chains/comments.ts';
import type { LayoutChoice } from '../../chains/layout-choice.ts';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { FAMILIES, type Family } from '../../net/address.ts';
import { INPUT, manualText, OUTPUT } from '../manual.ts';
import { commentsOption, layoutOption, manifestsOption } from './options.ts';

interface Options {
  readonly filename?: readonly string[];
  readonly source: string;
  readonly live: boolean;
  readonly rules?: string;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly family: Family | 'all';
  readonly output: 'text' | 'json';
  readonly limit: number;
}

const DEFAULT_LIMIT = 20;

const MANUAL = manualText({
  sections: [
    {
      heading: 'What is proven',
      paragraphs: [
        'What must become of a packet is worked out from Services and EndpointSlices alone. Then the packet is run through the rules. For each service port this is done with every address and port that it answers on, and with those beside them; and with every kind of source that makes a difference: from outside, from the node itself and by loopback, from local and remote pods, from each endpoint, from both sides of each border of a source range. It must reach the right endpoints, each with an equal share, masqueraded or not as it should be; or be refused, or dropped, or left alone. Sources that session affinity remembers must come back to their endpoint.',
        'Besides, whatever the services are: no rule is out of reach, no chain without a way in, no jump leads nowhere or in a circle, and chains are nested no deeper than nft allows.',
        'Rules of other programs are not regarded, nor are policies, routes and sysctls: `chainwright lab` sends real packets.',
      ],
    },
    {
      heading: 'What is proven of',
      rows: [
        ['-f', 'the rules that chainwright makes of these manifests, by --layout'],
        ['-f, --rules', 'rules in a file, of any service proxy of iptables: kube-proxy as well'],
        ['--live', "the kernel's rules, against the cluster; with -f against manifests"],
        ['--rules', 'without manifests: only that the rules as such are sound'],
      ],
    },
  ],
  examples: [
    ['the rules of a folder of manifests', 'chainwright check -f manifests/ --layout indexed'],
    [
      'on a node, as its kube-proxy is set up',
      'chainwright check --live --config=/var/lib/kube-proxy/config.conf',
    ],
    [
      'what another node has in its kernel',
      'ssh node-a "iptables-save; ip6tables-save" | chainwright check -f cluster.yaml --hostname-override node-a --rules -',
    ],
  ],
  exitCodes: [
    [0, 'proven'],
    [1, 'not proven: counterexamples are told, each with the rule that is to blame'],
    [2, 'something in the input is wrong, or could not be read'],
  ],
  seeAlso: ['chainwright render --help', 'chainwright lab --help', 'iptables-save(8)'],
});

export function checkCommand(end: (code: number) => void): Command {
  const command = new Command('check')
    .description('Prove that rules send every packet where the services want it. Changes nothing.')
    .addOption(manifestsOption())
    .addOption(new Option('--live', "prove the kernel's rules; needs root").default(false).helpGroup(INPUT))
    .addOption(
      new Option('--rules <file>', 'prove what iptables-save and ip6tables-save printed; - is standard input')
        .conflicts('live')
        .helpGroup(INPUT),
    )
    .addOption(
      new Option('--source <source>', 'with --live: api, or dir:PATH for a directory of manifests')
        .default('api')
        .conflicts(['filename', 'rules'])
        .helpGroup(INPUT),
    )
    .addOption(layoutOption().conflicts(['live', 'rules']).helpGroup(INPUT))
    .addOption(commentsOption().conflicts(['live', 'rules']).helpGroup(INPUT))
    .addOption(
      new Option('--family <family>', 'to prove')
        .choices([...FAMILIES, 'all'])
        .default('all')
        .helpGroup(INPUT),
    )
    .addOption(
      new Option('-o, --output <format>', 'of the result')
        .choices(['text', 'json'])
        .default('text')
        .helpGroup(OUTPUT),
    )
    .addOption(
      new Option('--limit <number>', 'counterexamples to tell in each family; all are counted')
        .default(DEFAULT_LIMIT)
        .argParser(wholeNumber)
        .helpGroup(OUTPUT),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'rulesAndCluster');
  return command.action(async (options: Options) => {
    const { check } = await import('../check.ts');
    end(await check(options, flagValues(command)));
  });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('expected a number from 1 to 999999.');
  return Number(text);
}
