import type { Command, Option } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import type {
  CompletableCommand,
  CompletableOption,
  CompletableWord,
  OptionValue,
} from '../completion/command.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script by which a shell completes the program, made from its commands and options as they are. */
export function completionScript(shell: Shell, root: Command): string {
  const commands = completableCommands(root);
  switch (shell) {
    case 'bash':
      return bashCompletion(root.name(), commands);
    case 'zsh':
      return zshCompletion(root.name(), commands);
    case 'fish':
      return fishCompletion(root.name(), commands);
  }
}

/** The program itself, under an empty name, and its commands; what help does not show is left out. */
function completableCommands(root: Command): readonly CompletableCommand[] {
  const help = root.createHelp();
  const describe = (command: Command): string => firstSentence(help.subcommandDescription(command));
  const commands = help.visibleCommands(root);
  const names = commands.map((command) => ({ text: command.name(), description: describe(command) }));
  const wordsOf = (command: Command): readonly CompletableWord[] => {
    if (command === root || command.name() === 'help') return names;
    const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
    return choices.map((text) => ({ text, description: '' }));
  };
  return [root, ...commands].map((command) => ({
    name: command === root ? '' : command.name(),
    options: help.visibleOptions(command).map(completableOption),
    words: wordsOf(command),
  }));
}

function completableOption(option: Option): CompletableOption {
  return {
    long: option.long ?? option.flags,
    short: option.short,
    description: option.description,
    value: valueOf(option),
    repeatable: option.description.includes('may be repeated'),
  };
}

/** Options whose placeholder does not tell what they take: the flags of kube-proxy. */
const KNOWN_VALUES: Readonly<Record<string, OptionValue>> = {
  '--watch': { kind: 'none' },
  '--source': { kind: 'oneOf', words: ['api', 'dir:'] },
  '--logging-format': { kind: 'oneOf', words: ['text', 'json'] },
  '--proxy-mode': { kind: 'oneOf', words: ['iptables', 'ipvs', 'nftables'] },
  '--detect-local-mode': {
    kind: 'oneOf',
    words: ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'],
  },
};

function valueOf({ long, flags, required, optional, argChoices }: Option): OptionValue {
  const known = KNOWN_VALUES[long ?? ''];
  if (known !== undefined) return known;
  if (optional) return { kind: 'bool' };
  if (!required) return { kind: 'none' };
  if (argChoices !== undefined) return { kind: 'oneOf', words: argChoices };
  const what = /<(.*)>/.exec(flags)?.[1] ?? 'value';
  if (what === 'directory') return { kind: 'directory' };
  return what === 'path' || what === 'file' ? { kind: 'file' } : { kind: 'anything', what };
}

function firstSentence(text: string): string {
  return /^.*?[.:](?= |$)/.exec(text)?.[0].slice(0, -1) ?? text;
}
