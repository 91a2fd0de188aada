import type { Shell } from '../../contract/vocabulary.ts';

export interface CompletedFlag {
  /** Without its dashes. */
  readonly name: string;
  readonly short: string | null;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  /** What its value names; null: something else. */
  readonly files: 'files' | 'folders' | null;
  readonly description: string;
}

export interface CompletedCommand {
  /** `['config', 'get']` */
  readonly path: readonly string[];
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** Words that may be its first argument. */
  readonly words: readonly string[];
  /** Whether its arguments are names of peers. */
  readonly peers: boolean;
}

/** Names of peers are the first words of `list-peers`. Errors are for the command itself, not for a completion. */
const PEERS = 'dolt-federation list-peers 2>/dev/null';

/** The completions of one shell, as a script that the shell reads. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
  }
}

/** The words that may follow a path: commands, members of a group, or words of the command. */
function following(commands: readonly CompletedCommand[], path: readonly string[]): readonly string[] {
  const below = commands.filter(
    (one) => one.path.length > path.length && path.every((word, at) => one.path[at] === word),
  );
  const next = below.flatMap((one) => one.path[path.length] ?? []);
  const own = commands.find((one) => one.path.join(' ') === path.join(' '));
  return [...new Set([...next, ...(own?.words ?? [])])];
}

function allFlags(commands: readonly CompletedCommand[]): readonly CompletedFlag[] {
  return [...new Map(commands.flatMap(({ flags }) => flags).map((flag) => [flag.name, flag])).values()];
}

function written({ name, short }: CompletedFlag): string[] {
  return [`--${name}`, ...(short === null ? [] : [`-${short}`])];
}

function valued(commands: readonly CompletedCommand[]): readonly CompletedFlag[] {
  return allFlags(commands).filter(({ takesValue }) => takesValue);
}

/** A `case` of bash and zsh: the words of each path. */
function wordCases(commands: readonly CompletedCommand[]): string {
  const paths = [[], ...commands.map(({ path }) => path)].map((path) => ({ path, words: following(commands, path) }));
  return paths
    .filter(({ words }) => words.length > 0)
    .map(({ path, words }) => `    '${path.join(' ')}') offered='${words.join(' ')}' ;;\n`)
    .join('');
}

function flagCases(commands: readonly CompletedCommand[]): string {
  return commands
    .map(({ path, flags }) => `    '${path.join(' ')}') flags='${flags.flatMap(written).join(' ')}' ;;\n`)
    .join('');
}

function valueCases(commands: readonly CompletedCommand[], action: (flag: CompletedFlag) => string): string {
  return valued(commands)
    .map((flag) => `    ${written(flag).join('|')}) ${action(flag)} ;;\n`)
    .join('');
}

/** The command so far, without flags and their values. The loop and its arrays are the same in bash and zsh. */
function pathLoop(commands: readonly CompletedCommand[], first: string, end: string): string {
  const groups = [...new Set(commands.flatMap(({ path }) => (path.length > 1 ? [path[0] ?? ''] : [])))];
  return `  local called='' skip='' word at
  for ((at = ${first}; at < ${end}; at++)); do
    word="\${words_before[at]}"
    if [[ -n $skip ]]; then skip=''; continue; fi
    case "$word" in
    ${valued(commands).flatMap(written).join('|')}) skip=1 ;;
    -*|federation) ;;
    *)
      if [[ -z $called ]]; then called="$word"
      elif [[ ${groups.map((group) => `$called == ${group}`).join(' || ')} ]]; then called="$called $word"
      fi ;;
    esac
  done
`;
}

function peersCase(commands: readonly CompletedCommand[]): string {
  return commands.flatMap(({ path, peers }) => (peers ? [`'${path.join(' ')}'`] : [])).join('|');
}

function bash(commands: readonly CompletedCommand[]): string {
  return `# Completion of dolt-federation for bash: source <(dolt-federation completion bash)
_dolt_federation() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" offered='' flags=''
  local words_before=("\${COMP_WORDS[@]}")
  COMPREPLY=()
  case "$previous" in
${valueCases(commands, ({ choices, files }) => {
  if (choices.length > 0) return `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$current")); return`;
  if (files === null) return 'return';
  return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -${files === 'files' ? 'f' : 'd'} -- "$current")); return`;
})}  esac
${pathLoop(commands, '1', 'COMP_CWORD')}  case "$called" in
${flagCases(commands)}  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  case "$called" in
${wordCases(commands)}    ${peersCase(commands)}) offered="$(${PEERS} | awk '{print $1}')" ;;
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
complete -F _dolt_federation dolt-federation
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  return `#compdef dolt-federation
# Completion of dolt-federation for zsh: source <(dolt-federation completion zsh)
_dolt_federation() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" flags=''
  local -a words_before
  words_before=("\${words[@]}")
  case "$previous" in
${valueCases(commands, ({ choices, files }) => {
  if (choices.length > 0) return `compadd -- ${choices.join(' ')}; return`;
  if (files === null) return 'return';
  return files === 'files' ? '_files; return' : '_files -/; return';
})}  esac
${pathLoop(commands, '2', 'CURRENT')}  local offered=''
  case "$called" in
${flagCases(commands)}  esac
  if [[ $current == -* ]]; then
    compadd -- \${=flags}
    return
  fi
  case "$called" in
${wordCases(commands)}    ${peersCase(commands)}) offered="$(${PEERS} | awk '{print $1}')" ;;
  esac
  compadd -- \${=offered}
}
compdef _dolt_federation dolt-federation
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const tops = following(commands, []);
  const none = `not __fish_seen_subcommand_from ${tops.join(' ')}`;
  // Flags of every command may also come before it.
  const common = (commands[0]?.flags ?? []).filter(({ name }) =>
    commands.every(({ flags }) => flags.some((flag) => flag.name === name)),
  );
  const lines = [
    '# Completion of dolt-federation for fish: dolt-federation completion fish | source',
    'complete -c dolt-federation -f',
    ...tops.map((name) => {
      const summary = commands.find(({ path }) => path.join(' ') === name)?.summary ?? '';
      return `complete -c dolt-federation -n '${none}' -a ${name} -d ${quoted(summary)}`;
    }),
    ...common.map((flag) => fishFlag('complete -c dolt-federation', flag)),
    ...commands.flatMap((command) => {
      const flags = command.flags.filter((flag) => !common.some(({ name }) => name === flag.name));
      return fishCommand({ ...command, flags }, following(commands, command.path));
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function fishFlag(start: string, { name, short, takesValue, choices, files, description }: CompletedFlag): string {
  return [
    `${start} -l ${name}`,
    ...(short === null ? [] : [`-s ${short}`]),
    ...(takesValue ? [files === 'files' ? '-r -F' : '-x'] : []),
    ...(choices.length === 0 ? [] : [`-a '${choices.join(' ')}'`]),
    ...(files === 'folders' ? ["-a '(__fish_complete_directories)'"] : []),
    `-d ${quoted(description)}`,
  ].join(' ');
}

function fishCommand({ path, flags, peers }: CompletedCommand, words: readonly string[]): string[] {
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
  const start = `complete -c dolt-federation -n '${seen}'`;
  return [
    ...(words.length === 0 ? [] : [`${start} -a '${words.join(' ')}'`]),
    ...(peers ? [`${start} -a "(${PEERS} | string split -f1 ' ')"`] : []),
    ...flags.map((flag) => fishFlag(start, flag)),
  ];
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (special) => `\\${special}`)}'`;
}
