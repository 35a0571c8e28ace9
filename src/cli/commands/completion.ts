import { Argument, Command } from 'commander';
import { manualText } from '../manual.ts';

const MANUAL = manualText({
  sections: [
    {
      heading: 'What is completed',
      paragraphs: [
        'Commands, their options, the words that an option takes, and paths. The script is made from the commands as they are, so make it anew with each release; it runs nothing when a key is pressed.',
      ],
    },
  ],
  examples: [
    ['bash, in this shell', 'source <(chainwright completion bash)'],
    [
      'bash, for all users (with the package bash-completion)',
      'chainwright completion bash > /etc/bash_completion.d/chainwright',
    ],
    ['zsh, as a function of fpath', 'chainwright completion zsh > "${fpath[1]}/_chainwright"'],
    ['fish', 'chainwright completion fish > ~/.config/fish/completions/chainwright.fish'],
  ],
  exitCodes: [
    [0, 'the script was printed'],
    [1, 'the shell is not one of these'],
  ],
  seeAlso: ['bash(1)', 'zshcompsys(1)', 'fish-completions(1)'],
});

export function completionCommand(end: (code: number) => void): Command {
  const command = new Command('completion')
    .description('Print the script by which a shell completes chainwright.')
    .addArgument(new Argument('<shell>', 'whose').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', MANUAL);
  return command.action(async (shell: 'bash' | 'zsh' | 'fish') => {
    const { completionScript } = await import('../completion.ts');
    const { writeAll } = await import('../output.ts');
    if (command.parent === null) throw new TypeError('completion is a command of a program');
    await writeAll(process.stdout, [completionScript(shell, command.parent)]);
    end(0);
  });
}
