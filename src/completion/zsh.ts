import { shellQuoted, type CompletableCommand, type CompletableOption } from './command.ts';

/** What zsh sources, or finds in its fpath as `_PROGRAM`. */
export function zshCompletion(program: string, commands: readonly CompletableCommand[]): string {
  const name = `_${program}`;
  const [root, ...others] = commands;
  return `#compdef ${program}
# zsh completion of ${program}. To load it: source <(${program} completion zsh)
# Or, for all shells to come, as a file of fpath: ${program} completion zsh > "\${fpath[1]}/${name}"
${name}() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
${(root?.options ?? []).map((option) => `    ${specOf(option)} \\`).join('\n')}
    '1: :->command' \\
    '*:: :->arguments' && return
  case $state in
    command)
      local -a commands
      commands=(
${(root?.words ?? []).map(({ text, description }) => `        ${shellQuoted(`${text}:${description}`)}`).join('\n')}
      )
      _describe -t commands command commands
      ;;
    arguments)
      curcontext="\${curcontext%:*:*}:${program}-$words[1]:"
      case $words[1] in
${others.map(commandCase).join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == ${name} ]]; then
  ${name} "$@"
else
  compdef ${name} ${program}
fi
`;
}

function commandCase({ name, options, words }: CompletableCommand): string {
  const specs = [
    ...options.map(specOf),
    ...(words.length === 0 ? [] : [`'1: :(${words.map(({ text }) => text).join(' ')})'`]),
  ];
  return `        ${name})
          _arguments -S \\
${specs.map((spec) => `            ${spec}`).join(' \\\n')}
          ;;`;
}

/** One argument of _arguments. */
function specOf({ long, short, description, value, repeatable }: CompletableOption): string {
  const [sign, action] = valueSpec(value);
  const text = `[${description.replaceAll(/[[\]\\]/g, '\\$&')}]${action}`;
  if (short === undefined) return shellQuoted(`${repeatable ? '*' : ''}${long}${sign}${text}`);
  const before = repeatable ? '*' : `(${short} ${long})`;
  return `${shellQuoted(before)}{${short},${long}${sign}}${shellQuoted(text)}`;
}

/** What follows the option's name, and the description. */
function valueSpec(value: CompletableOption['value']): readonly [sign: string, action: string] {
  switch (value.kind) {
    case 'none':
      return ['', ''];
    case 'bool':
      return ['=-', '::bool:(true false)'];
    case 'oneOf':
      return ['=', `:value:(${value.words.map((word) => word.replaceAll(':', '\\:')).join(' ')})`];
    case 'file':
      return ['=', ':file:_files'];
    case 'directory':
      return ['=', ':directory:_files -/'];
    case 'anything':
      return ['=', `:${value.what}: `];
  }
}
