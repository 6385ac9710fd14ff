/** Completion scripts for shells, made of the commands as they are: nothing here names an option. */
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Known {
  readonly name: string;
  readonly says: string;
  readonly options: readonly Option[];
  /** Choices of its argument. */
  readonly choices: readonly string[];
}

const knownOf = (root: Command): Known[] =>
  root.commands.map((command) => ({
    name: command.name(),
    says: command.description(),
    options: command.options.filter(({ hidden, long }) => !hidden && long),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  }));

export const completion = (root: Command, shell: Shell): string => WRITERS[shell](knownOf(root));

const flags = ({ options }: Known): string => [...options.map(({ long }) => long), '--help'].join(' ');
const withChoices = (commands: readonly Known[]) =>
  commands.flatMap(({ name, options }) =>
    options.flatMap(({ long, argChoices }) => (argChoices ? [{ name, long, words: argChoices.join(' ') }] : [])),
  );
/** Of a flag whose value is a path or a name, files are offered. */
const takesValue = (commands: readonly Known[]): string =>
  [
    ...new Set(commands.flatMap(({ options }) => options.filter((it) => it.required).map(({ long }) => `*:${long}`))),
  ].join('|');

function bash(commands: readonly Known[]): string {
  const values = withChoices(commands).map(
    ({ name, long, words }) => `    ${name}:${long}) COMPREPLY=($(compgen -W "${words}" -- "$cur")); return ;;`,
  );
  const cases = commands.map(
    (command) =>
      `    ${command.name}) [[ $cur == -* ]] && COMPREPLY=($(compgen -W "${flags(command)}" -- "$cur")) || COMPREPLY=($(compgen -W "${command.choices.join(' ')}" -- "$cur") $(compgen -f -- "$cur")) ;;`,
  );
  return `# gridwatch completion for bash: source <(gridwatch completion bash)
_gridwatch() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$cur"))
    return
  fi
  case "$command:$prev" in
${values.join('\n')}
    ${takesValue(commands)}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  case "$command" in
${cases.join('\n')}
  esac
}
complete -o filenames -F _gridwatch gridwatch
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function zsh(commands: readonly Known[]): string {
  const names = commands.map(({ name, says }) => `    ${quoted(`${name}:${says}`)}`);
  const escaped = (text: string) => text.replace(/[[\]:\\]/g, '\\$&');
  const spec = ({ long, description, argChoices, required, optional }: Option): string => {
    const value = argChoices
      ? `:value:(${argChoices.join(' ')})`
      : required
        ? ':value:_files'
        : optional
          ? '::value:'
          : '';
    return quoted(`${long}[${escaped(description)}]${value}`);
  };
  const cases = commands.map(({ name, options, choices }) => {
    const rest = choices.length > 0 ? quoted(`*:value:(${choices.join(' ')})`) : quoted('*:file:_files');
    return `    ${name}) _arguments ${[...options.map(spec), rest].join(' ')} ;;`;
  });
  return `#compdef gridwatch
# gridwatch completion for zsh: gridwatch completion zsh > a folder of $fpath, as _gridwatch
_gridwatch() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _gridwatch gridwatch
`;
}

function fish(commands: readonly Known[]): string {
  const lines = commands.flatMap(({ name, says, options, choices }) => {
    const seen = quoted(`__fish_seen_subcommand_from ${name}`);
    return [
      `complete -c gridwatch -n __fish_use_subcommand -a ${name} -d ${quoted(says)}`,
      ...(choices.length > 0 ? [`complete -c gridwatch -n ${seen} -a ${quoted(choices.join(' '))}`] : []),
      ...options.map(
        ({ long, description, required, argChoices }) =>
          `complete -c gridwatch -n ${seen} -l ${long?.slice(2)}${required ? ' -r' : ''}${argChoices ? ` -f -a ${quoted(argChoices.join(' '))}` : ''} -d ${quoted(description)}`,
      ),
    ];
  });
  return `# gridwatch completion for fish: gridwatch completion fish > ~/.config/fish/completions/gridwatch.fish\n${lines.join('\n')}\n`;
}

const WRITERS: Readonly<Record<Shell, (commands: readonly Known[]) => string>> = { bash, zsh, fish };
