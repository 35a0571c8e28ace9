import { Command, Option } from 'commander';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { FAMILIES, type Family } from '../../net/address.ts';
import { INPUT, manualText, OUTPUT } from '../manual.ts';
import { manifestsOption } from './options.ts';

interface Options {
  readonly filename?: readonly string[];
  readonly source: string;
  readonly live: boolean;
  readonly family: Family | 'all';
  readonly output: 'table' | 'json';
}

const MANUAL = manualText({
  sections: [
    {
      heading: 'Columns',
      rows: [
        ['LOCAL, TOTAL', 'endpoints that take traffic of the port: on this node, and all'],
        [
          'PACKETS',
          "that met the port's rule in KUBE-NODEPORTS since it was written, one for each connection or try; of a port without endpoints, those that were refused",
        ],
        ['LISTENER', 'processes of this machine that listen on the port; ? is one that cannot be seen'],
      ],
    },
  ],
  examples: [
    ['on a node, as its kube-proxy is set up', 'chainwright ports --config=/var/lib/kube-proxy/config.conf'],
    ['of a node of the cluster that kubectl knows', 'chainwright ports --hostname-override node-a'],
    ['of manifests, for any node', 'chainwright ports -f manifests/ --hostname-override node-a'],
    [
      'of manifests, with what this machine has of them',
      'chainwright ports -f manifests/ --hostname-override node-a --live',
    ],
    ['does a service steal the traffic of a process?', 'chainwright ports > /dev/null; test $? -eq 1'],
  ],
  exitCodes: [
    [0, 'no process of the host loses its traffic'],
    [1, 'a service takes the traffic of such a process'],
    [2, 'something in the input is wrong, or the list could not be made'],
  ],
  seeAlso: ['chainwright schema ports', 'ss(8)', 'iptables(8)'],
});

export function portsCommand(end: (code: number) => void): Command {
  const command = new Command('ports')
    .description(
      'List the node ports of this node: services, endpoints, counters, and who of the host listens there. Changes nothing.',
    )
    .addOption(manifestsOption())
    .addOption(
      new Option('--source <source>', 'without manifests: api, or dir:PATH for a directory of manifests')
        .default('api')
        .conflicts('filename')
        .helpGroup(INPUT),
    )
    .addOption(
      new Option('--live', 'with manifests: look at this machine too, for counters and listeners')
        .default(false)
        .helpGroup(INPUT),
    )
    .addOption(new Option('--family <family>', 'to look at').choices([...FAMILIES, 'all']).default('all'))
    .addOption(
      new Option('-o, --output <format>', 'table for people, json for programs')
        .choices(['table', 'json'])
        .default('table')
        .helpGroup(OUTPUT),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'rulesAndCluster');
  return command.action(async (options: Options) => {
    const { ports } = await import('../ports.ts');
    end(await ports(options, flagValues(command)));
  });
}
