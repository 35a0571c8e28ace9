import { Command, InvalidArgumentError, Option } from 'commander';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { INPUT, manualText, OUTPUT } from '../manual.ts';

interface Options {
  readonly address?: string;
  readonly watch?: number | true;
  readonly output: 'text' | 'json';
}

/** Seconds. */
const PAUSE = 2;

const MANUAL = manualText({
  sections: [
    {
      heading: 'What is told',
      rows: [
        ['STATE', 'in sync; pending: changes are on their way; late: for twice the sync period; failed'],
        [
          'trouble',
          'a service that has no ready endpoint, that the kernel refuses, or whose node port a process of the host listens on',
        ],
        ['note', 'worth knowing, but may be as it should be: policy Local without an endpoint on this node'],
      ],
    },
    {
      heading: 'Whom to ask',
      paragraphs: [
        'The daemon answers where it serves its metrics: 127.0.0.1:10249, unless its flags or its configuration say otherwise. Given the same --config or --metrics-bind-address, this command finds it. It need not be root.',
      ],
    },
  ],
  examples: [
    ['is all well on this node?', 'chainwright status'],
    ['as its kube-proxy is set up', 'chainwright status --config=/var/lib/kube-proxy/config.conf'],
    ['look on, every 5 seconds', 'chainwright status --watch=5'],
    ['elsewhere, by its address', 'chainwright status --address 192.0.2.10:10249'],
    [
      'the services that the kernel refuses',
      'chainwright status --output json | jq \'.troubles[] | select(.code == "refusedByKernel")\'',
    ],
  ],
  exitCodes: [
    [0, 'it is healthy; or it was watched, until SIGINT'],
    [1, 'it is starting, or something is wrong: with the rules, the source, or a service'],
    [2, 'it cannot be asked: it does not run, or not at this address; or something in the input is wrong'],
  ],
  seeAlso: [
    'chainwright run --help',
    'chainwright explain --help',
    'chainwright ports --help',
    'chainwright schema status',
  ],
});

export function statusCommand(end: (code: number) => void): Command {
  const command = new Command('status')
    .description(
      'Tell how the daemon on this node is doing: what is in force, what is pending, and which services are in trouble. Changes nothing.',
    )
    .addOption(
      new Option('--address <address:port>', 'of the daemon; port 10249 where none is named')
        .conflicts(['config', 'metricsBindAddress'])
        .helpGroup(INPUT),
    )
    .addOption(
      new Option('--watch [seconds]', `look again and again, every ${PAUSE} s by default, until SIGINT`)
        .argParser(pauseOf)
        .helpGroup(OUTPUT),
    )
    .addOption(
      new Option('-o, --output <format>', 'text for people, json for programs; watched, a line for each look')
        .choices(['text', 'json'])
        .default('text')
        .helpGroup(OUTPUT),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'metricsAddress');
  return command.action(async ({ address, watch, output }: Options) => {
    const { status } = await import('../status.ts');
    end(await status({ address, watch: watch === true ? PAUSE : watch, output }, flagValues(command)));
  });
}

function pauseOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0.1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('expected seconds, from 0.1 to 86400.');
}
