import { shellQuoted, type CompletableCommand, type CompletableOption } from './command.ts';

/** What bash sources to complete the program, 4.4 or newer; it needs no package of completions. */
export function bashCompletion(program: string, commands: readonly CompletableCommand[]): string {
  const name = `_${program}`;
  return `# bash completion of ${program}. To load it: source <(${program} completion bash)
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command= equals= prefix= values= files= options= index
  COMPREPLY=()
  # Readline makes an equals sign a word of its own, unless it is told not to.
  if [[ $current == '=' ]]; then
    equals=1 current=
  elif [[ $previous == '=' && COMP_CWORD -gt 1 ]]; then
    equals=1 previous=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $current == --*=* ]]; then
    equals=1 previous=\${current%%=*} prefix=$previous= current=\${current#*=}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    if [[ \${COMP_WORDS[index]} != -* ]]; then
      command=\${COMP_WORDS[index]}
      break
    fi
  done
  case "$command $previous" in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ -n $files ]]; then
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen "-$files" -P "$prefix" -- "$current")
    return
  fi
  if [[ -n $values || -n $equals ]]; then
    mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$values" -- "$current")
    return
  fi
  case $command in
${commands.map(commandCase).join('\n')}
  esac
  [[ -n $values && $current != -* ]] && options=
  mapfile -t COMPREPLY < <(compgen -W "$values $options" -- "$current")
}
complete -F ${name} ${program}
`;
}

/** What may follow the options of a command. */
function valueCases(command: CompletableCommand): readonly string[] {
  return command.options.flatMap((option) => {
    const action = valueAction(option);
    if (action === undefined) return [];
    const patterns = spellings(option).map((spelling) => shellQuoted(`${command.name} ${spelling}`));
    return [`    ${patterns.join(' | ')}) ${action} ;;`];
  });
}

function valueAction({ value }: CompletableOption): string | undefined {
  switch (value.kind) {
    case 'none':
      return undefined;
    case 'bool':
      return `[[ -n $equals ]] && values='true false'`;
    case 'oneOf':
      return `values=${shellQuoted(value.words.join(' '))}`;
    case 'file':
      return 'files=f';
    case 'directory':
      return 'files=d';
    case 'anything':
      return 'return';
  }
}

function commandCase({ name, words, options }: CompletableCommand): string {
  const all = options.flatMap(spellings);
  const pattern = name === '' ? "''" : name;
  return `    ${pattern}) values=${shellQuoted(words.map(({ text }) => text).join(' '))} options=${shellQuoted(all.join(' '))} ;;`;
}

function spellings({ long, short }: CompletableOption): readonly string[] {
  return short === undefined ? [long] : [short, long];
}
