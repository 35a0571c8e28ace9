import { Command, Option } from 'commander';
import type { CommentPolicy } from '../../chains/comments.ts';
import type { LayoutChoice } from '../../chains/layout-choice.ts';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { FAMILIES, type Family } from '../../net/address.ts';
import { INPUT, manualText, OUTPUT } from '../manual.ts';
import { commentsOption, layoutOption, manifestsOption } from './options.ts';

interface Options {
  readonly filename?: readonly string[];
  readonly live: boolean;
  readonly rules?: string;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly family?: Family;
  readonly output?: 'svg' | 'png' | 'dot' | 'html';
  readonly out?: string;
}

const MANUAL = manualText({
  sections: [
    {
      heading: 'How to read it',
      paragraphs: [
        'A card is a chain, a line in it a rule, a curve a jump. Its width is the part of the connections to one address or port that takes it. Dashed curves are for some clients only: from certain sources, or seen before. Jumps to KUBE-MARK-MASQ are told by the word masquerade. Where a node has too many chains for one picture, a card stands for a service or a namespace; name a service to see its chains.',
      ],
    },
    {
      heading: 'Formats',
      rows: [
        [
          'html',
          'one page that loads nothing from elsewhere, for a browser: search by service, address, port or chain, follow jumps by mouse or keys',
        ],
        ['svg', 'a picture in light and dark; pointing at a rule shows its text'],
        ['png', 'the same in pixels; needs the npm package @resvg/resvg-js'],
        ['dot', 'text for Graphviz, with nothing left out'],
      ],
    },
  ],
  examples: [
    ['one service', 'chainwright graph shop -f manifests/ --hostname-override node-a --out shop.svg'],
    [
      'all services, to look around in',
      'chainwright graph -f manifests/ --hostname-override node-a --out rules.html',
    ],
    ["the kernel's rules with their counters", 'chainwright graph --live --out rules.html'],
    [
      'of another node, whatever wrote its rules',
      'ssh node-a iptables-save -c | chainwright graph --rules - --out rules.html',
    ],
    ['by Graphviz', 'chainwright graph web/shop -f manifests/ --output dot | dot -Tpdf > shop.pdf'],
  ],
  exitCodes: [
    [0, 'the picture was drawn'],
    [1, 'something in the input is wrong, or there is no such service'],
    [2, 'the kernel could not be read, or something is not installed'],
  ],
  seeAlso: ['chainwright render --help', 'chainwright ports --help', 'dot(1)'],
});

export function graphCommand(end: (code: number) => void): Command {
  const command = new Command('graph')
    .description('Draw the rules of a node, or of one service, as a picture or a page. Changes nothing.')
    .argument(
      '[service]',
      'namespace/name, or the name alone where only one namespace has it; by default all',
    )
    .addOption(manifestsOption())
    .addOption(
      new Option('--live', "the kernel's rules; with -f only its counters. Needs root")
        .default(false)
        .helpGroup(INPUT),
    )
    .addOption(
      new Option('--rules <file>', 'what iptables-save or ip6tables-save printed; - is standard input')
        .conflicts(['live', 'filename'])
        .helpGroup(INPUT),
    )
    .addOption(layoutOption().helpGroup(INPUT))
    .addOption(commentsOption().helpGroup(INPUT))
    .addOption(
      new Option('--family <family>', "of the rules; by default the node's first")
        .choices(FAMILIES)
        .helpGroup(INPUT),
    )
    .addOption(
      new Option('-o, --output <format>', 'by default as the name of --out ends, else svg')
        .choices(['svg', 'png', 'dot', 'html'])
        .helpGroup(OUTPUT),
    )
    .addOption(new Option('--out <file>', 'by default standard output').helpGroup(OUTPUT))
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'rules');
  return command.action(async (service: string | undefined, options: Options) => {
    const { graph } = await import('../graph.ts');
    await graph(service, options, flagValues(command));
    end(0);
  });
}
