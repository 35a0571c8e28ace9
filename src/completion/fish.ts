import type { CompletableCommand, CompletableOption } from './command.ts';

/** What fish sources, or finds as `PROGRAM.fish` in ~/.config/fish/completions. */
export function fishCompletion(program: string, commands: readonly CompletableCommand[]): string {
  const test = `__${program}_command_is`;
  return `# fish completion of ${program}. To load it: ${program} completion fish | source
function ${test} --description 'Whether the words so far name this command; an empty one is none yet'
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -e words[1]
    for word in $words
        if not string match --quiet -- '-*' $word
            test "$word" = "$argv[1]"
            return
        end
    end
    test -z "$argv[1]"
end
complete --command ${program} --no-files
${commands.flatMap((command) => commandLines(program, test, command)).join('\n')}
`;
}

function commandLines(program: string, test: string, command: CompletableCommand): readonly string[] {
  const start = `complete --command ${program} --condition ${quoted(`${test} ${quoted(command.name)}`)}`;
  const words = command.words.map(
    ({ text, description }) => `${start} --arguments ${text} --description ${quoted(description)}`,
  );
  return [...words, ...command.options.map((option) => `${start} ${optionWords(option)}`)];
}

function optionWords({ long, short, description, value }: CompletableOption): string {
  return [
    ...(short === undefined ? [] : [`--short-option ${short.slice(1)}`]),
    `--long-option ${long.slice(2)}`,
    ...valueWords(value),
    `--description ${quoted(description)}`,
  ].join(' ');
}

/** fish has no values that may be left out: those of flags that may stand alone are not offered. */
function valueWords(value: CompletableOption['value']): readonly string[] {
  switch (value.kind) {
    case 'none':
    case 'bool':
      return [];
    case 'oneOf':
      return ['--exclusive', `--arguments ${quoted(value.words.join(' '))}`];
    case 'file':
      return ['--require-parameter', '--force-files'];
    case 'directory':
      return ['--exclusive', "--arguments '(__fish_complete_directories)'"];
    case 'anything':
      return ['--exclusive'];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
