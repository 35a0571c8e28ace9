import { Command, Option } from 'commander';
import type { CommentPolicy } from '../../chains/comments.ts';
import type { LayoutChoice } from '../../chains/layout-choice.ts';
import { addKubeProxyFlags, flagValues } from '../../config/commander.ts';
import { INPUT, manualText, OUTPUT } from '../manual.ts';
import { commentsOption, layoutOption, manifestsOption } from './options.ts';

interface Options {
  readonly write?: string;
  readonly check?: string;
  readonly filename?: readonly string[];
  readonly node: readonly string[];
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly output: 'text' | 'json' | 'github';
}

const MANUAL = manualText({
  sections: [
    {
      heading: 'Golden files',
      paragraphs: [
        'The directory holds NODE.ipv4.rules and NODE.ipv6.rules for each Node of the manifests. Nodes with the same rules share the file of the first of them by name, and its head lists them all. Rules stand in one canonical order, so that a diff shows what changed and nothing else; iptables-restore --noflush loads the file as it is. Files that do not begin as golden ones do are never removed.',
        'Manifests rarely hold Nodes and EndpointSlices. Take those of a cluster once, and keep them beside the Services: kubectl get nodes,endpointslices -A -o yaml > cluster.yaml',
        'Without -f the directory is a rule book: each folder in it, however deep, has a cluster.yaml, perhaps a config.yaml (a KubeProxyConfiguration), and expected.v4.rules and expected.v6.rules to hold against.',
      ],
    },
  ],
  examples: [
    ['write the golden files of a folder of manifests', 'chainwright golden --write golden -f manifests/'],
    [
      'in CI: has a change of a manifest changed the rules?',
      'chainwright golden --check golden -f manifests/',
    ],
    [
      'the same, as annotations of a pull request',
      'chainwright golden --check golden -f manifests/ --output github',
    ],
    [
      'one node of each kind stands for the others',
      'chainwright golden --write golden -f cluster.yaml --node worker-1 --node ingress-1',
    ],
    [
      'what a kustomization makes, with the ConfigMap of kube-proxy',
      'kubectl kustomize . | chainwright golden --check golden -f - -f nodes.yaml --config config.conf',
    ],
    ['a rule book, one folder for each behaviour', 'chainwright golden --check rules'],
  ],
  exitCodes: [
    [0, 'the rules are the golden ones, or were written'],
    [1, 'some differ, are missing or stale'],
    [2, 'something in the input is wrong, or a file could not be read or written'],
  ],
  files: [
    ['manifests/ci/github/action.yml', 'an action for GitHub, in the repository of chainwright'],
    ['manifests/ci/gitlab.yml', 'a job for GitLab'],
    ['.pre-commit-hooks.yaml', 'a hook for pre-commit'],
  ],
  seeAlso: ['chainwright render --help', 'chainwright schema golden', 'iptables-restore(8)'],
});

export function goldenCommand(end: (code: number) => void): Command {
  const command = new Command('golden')
    .description('Keep the rules that manifests make as files, and tell in CI what a change does to them.')
    .addOption(
      new Option(
        '--check <directory>',
        'hold the golden files there against what the manifests make; changes nothing',
      ).conflicts('write'),
    )
    .addOption(
      new Option(
        '--write <directory>',
        'make the golden files there what they should be; removes stale ones',
      ),
    )
    .addOption(manifestsOption('of several nodes all are meant, or those of --node'))
    .addOption(
      new Option('--node <name>', 'only this node; may be repeated. By default each Node of the manifests')
        .helpGroup(INPUT)
        .default([], 'all')
        .argParser((value: string, before: readonly string[]) => [...before, value]),
    )
    .addOption(layoutOption())
    .addOption(commentsOption())
    .addOption(
      new Option('-o, --output <format>', 'text has a unified diff; github makes annotations')
        .choices(['text', 'json', 'github'])
        .default('text')
        .helpGroup(OUTPUT),
    )
    .addHelpText('after', MANUAL);
  addKubeProxyFlags(command, 'rules');
  return command.action(async (options: Options) => {
    const { golden } = await import('../golden.ts');
    end(await golden(options, flagValues(command)));
  });
}
