import type { Shell } from '../../contract/vocabulary.ts';

export interface CompletedFlag {
  /** Without its dashes. */
  readonly name: string;
  readonly short: string | null;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  /** Words of which the value is a list, separated by commas. */
  readonly listOf: readonly string[];
  /** The kind of its value; `heads`: peers with a hash, as `peer=hash`; null: something else. */
  readonly names: 'files' | 'folders' | 'peers' | 'heads' | null;
  readonly description: string;
}

export interface CompletedCommand {
  /** `['config', 'get']` */
  readonly path: readonly string[];
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** Words that may be its first argument. */
  readonly words: readonly string[];
  /** Words that may be its second argument, by the first. */
  readonly second: ReadonlyMap<string, readonly string[]>;
  /** Whether its first argument, or every argument, is the name of a peer. */
  readonly peers: 'none' | 'one' | 'many';
}

/** Flags that decide which configuration has the peers. */
const PLACES = ['-C', '--working-directory', '--config'];

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

/** Flags of every command; they may also come before it. */
function commonFlags(commands: readonly CompletedCommand[]): readonly CompletedFlag[] {
  return (commands[0]?.flags ?? []).filter(({ name }) =>
    commands.every(({ flags }) => flags.some((flag) => flag.name === name)),
  );
}

function written({ name, short }: CompletedFlag): string[] {
  return [`--${name}`, ...(short === null ? [] : [`-${short}`])];
}

function valued(commands: readonly CompletedCommand[]): readonly CompletedFlag[] {
  const all = [...new Map(commands.flatMap(({ flags }) => flags).map((flag) => [flag.name, flag])).values()];
  return all.filter(({ takesValue }) => takesValue);
}

/** A `case` of bash and zsh: the words of the first argument of each path, then those of the second. */
function wordCases(commands: readonly CompletedCommand[]): string {
  const paths = [[], ...commands.map(({ path }) => path)].map((path) => ({ path, words: following(commands, path) }));
  const first = paths.map(({ path, words }) => ({ key: `0:${path.join(' ')}:`, words }));
  const second = commands.flatMap(({ path, second }) =>
    [...second].map(([given, words]) => ({ key: `1:${path.join(' ')}:${given}`, words })),
  );
  return [...first, ...second]
    .filter(({ words }) => words.length > 0)
    .map(({ key, words }) => `    '${key}') offered='${words.join(' ')}' ;;\n`)
    .join('');
}

function flagCases(commands: readonly CompletedCommand[]): string {
  return [{ path: [], flags: commonFlags(commands) }, ...commands]
    .map(({ path, flags }) => `    '${path.join(' ')}') flags='${flags.flatMap(written).join(' ')}' ;;\n`)
    .join('');
}

function valueCases(commands: readonly CompletedCommand[], action: (flag: CompletedFlag) => string): string {
  return valued(commands)
    .map((flag) => `    ${written(flag).join('|')}) ${action(flag)} ;;\n`)
    .join('');
}

/**
 * Reads the words before the cursor, without flags and their values. bash splits `--flag=value` at the `=`. The loop
 * and its arrays are the same in bash and zsh.
 */
function wordLoop(commands: readonly CompletedCommand[], first: string, end: string): string {
  const groups = [...new Set(commands.flatMap(({ path }) => (path.length > 1 ? [path[0] ?? ''] : [])))];
  const others = valued(commands).flatMap(written);
  return `  local called='' skip='' word at operand='' count=0
  local -a places
  places=()
  for ((at = ${first}; at < ${end}; at++)); do
    word="\${words_before[at]}"
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $skip ]]; then
      if [[ $skip != other ]]; then places+=("$skip" "$word"); fi
      skip=''; continue
    fi
    case "$word" in
    ${PLACES.join('|')}) skip="$word" ;;
    ${others.filter((flag) => !PLACES.includes(flag)).join('|')}) skip=other ;;
    ${PLACES.filter((flag) => flag.startsWith('--'))
      .map((flag) => `${flag}=*`)
      .join('|')}) places+=("$word") ;;
    -*|federation) ;;
    *)
      if [[ -z $called ]]; then called="$word"
      elif [[ ${groups.map((group) => `$called == ${group}`).join(' || ')} ]]; then called="$called $word"
      else
        if [[ $count == 0 ]]; then operand="$word"; fi
        count=$((count + 1))
      fi ;;
    esac
  done
`;
}

/**
 * Names of peers are the first words of the lines of `list-peers` with an endpoint, which has a colon. Errors are for
 * the command itself, not for a completion.
 */
const PEERS = `$(dolt-federation list-peers \${places[@]+"\${places[@]}"} 2>/dev/null | awk '$2 ~ /:/ {print $1}')`;

function peersCase(commands: readonly CompletedCommand[]): string {
  return commands
    .flatMap(({ path, peers }) => {
      if (peers === 'none') return [];
      return [peers === 'one' ? `'0:${path.join(' ')}:'` : `*':${path.join(' ')}:'*`];
    })
    .join('|');
}

function bash(commands: readonly CompletedCommand[]): string {
  return `# Completion of dolt-federation for bash: source <(dolt-federation completion bash)
_dolt_federation() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" offered='' flags='' before=''
  if [[ $current == '=' ]]; then current=''
  elif [[ $previous == '=' ]]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  if [[ $current == *,* ]]; then before="\${current%,*},"; fi
  local words_before=("\${COMP_WORDS[@]}")
  COMPREPLY=()
${wordLoop(commands, '1', 'COMP_CWORD')}  case "$previous" in
${valueCases(commands, ({ choices, listOf, names }) => {
  if (choices.length > 0) return `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$current")); return`;
  if (listOf.length > 0)
    return `COMPREPLY=($(compgen -P "$before" -W '${listOf.join(' ')}' -- "\${current##*,}")); return`;
  switch (names) {
    case null:
      return 'return';
    case 'peers':
      return `COMPREPLY=($(compgen -W "${PEERS}" -- "$current")); return`;
    case 'heads':
      return `compopt -o nospace 2>/dev/null; COMPREPLY=($(compgen -S = -W "${PEERS}" -- "$current")); return`;
    case 'files':
    case 'folders':
      return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -${names === 'files' ? 'f' : 'd'} -- "$current")); return`;
  }
})}  esac
  case "$called" in
${flagCases(commands)}  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  case "$count:$called:$operand" in
${wordCases(commands)}    ${peersCase(commands)}) offered="${PEERS}" ;;
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
  if [[ $current == --*=* ]]; then
    previous="\${current%%=*}"
    compset -P '*='
  fi
${wordLoop(commands, '2', 'CURRENT')}  case "$previous" in
${valueCases(commands, ({ choices, listOf, names }) => {
  if (choices.length > 0) return `compadd -- ${choices.join(' ')}; return`;
  if (listOf.length > 0) return `compset -P '*,'; compadd -- ${listOf.join(' ')}; return`;
  switch (names) {
    case null:
      return 'return';
    case 'peers':
      return `compadd -- \${=:-"${PEERS}"}; return`;
    case 'heads':
      return `compadd -S = -- \${=:-"${PEERS}"}; return`;
    case 'files':
      return '_files; return';
    case 'folders':
      return '_files -/; return';
  }
})}  esac
  local offered=''
  case "$called" in
${flagCases(commands)}  esac
  if [[ $current == -* ]]; then
    compadd -- \${=flags}
    return
  fi
  case "$count:$called:$operand" in
${wordCases(commands)}    ${peersCase(commands)}) offered="${PEERS}" ;;
  esac
  compadd -- \${=offered}
}
compdef _dolt_federation dolt-federation
`;
}

/** The completions of fish, as functions of the script. */
const FISH_FUNCTIONS = `function __dolt_federation_peers
    set -l words (commandline -opc)
    set -l places
    for at in (seq 2 (count $words))
        switch $words[$at]
            case ${PLACES.join(' ')}
                set -a places $words[$at] $words[(math $at + 1)]
            case ${PLACES.filter((flag) => flag.startsWith('--'))
              .map((flag) => `'${flag}=*'`)
              .join(' ')}
                set -a places $words[$at]
        end
    end
    dolt-federation list-peers $places 2>/dev/null | string match -r '^\\S+(?= +\\S*:)'
end
function __dolt_federation_heads
    __dolt_federation_peers | string replace -r '$' =
end
function __dolt_federation_list
    set -l before (commandline -ct | string replace -r '^--[^=]*=' '' | string replace -r '[^,]*$' '')
    printf "$before%s\\n" $argv
end`;

function fish(commands: readonly CompletedCommand[]): string {
  const tops = following(commands, []);
  const none = `not ${seen(tops)}`;
  const common = commonFlags(commands);
  const lines = [
    '# Completion of dolt-federation for fish: dolt-federation completion fish | source',
    FISH_FUNCTIONS,
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

function seen(words: readonly string[]): string {
  return `__fish_seen_subcommand_from ${words.join(' ')}`;
}

function fishFlag(start: string, flag: CompletedFlag): string {
  const { name, short, takesValue, names, description } = flag;
  const values = fishValues(flag);
  return [
    `${start} -l ${name}`,
    ...(short === null ? [] : [`-s ${short}`]),
    ...(takesValue ? [names === 'files' ? '-r -F' : '-x'] : []),
    ...(values === null ? [] : [`-a '${values}'`]),
    `-d ${quoted(description)}`,
  ].join(' ');
}

function fishValues({ choices, listOf, names }: CompletedFlag): string | null {
  if (choices.length > 0) return choices.join(' ');
  if (listOf.length > 0) return `(__dolt_federation_list ${listOf.join(' ')})`;
  switch (names) {
    case null:
    case 'files':
      return null;
    case 'folders':
      return '(__fish_complete_directories)';
    case 'peers':
      return '(__dolt_federation_peers)';
    case 'heads':
      return '(__dolt_federation_heads)';
  }
}

function fishCommand({ path, flags, peers, second }: CompletedCommand, words: readonly string[]): string[] {
  const called = path.map((word) => seen([word])).join('; and ');
  const start = `complete -c dolt-federation -n '${called}'`;
  const after = (condition: string) => `complete -c dolt-federation -n '${called}; and ${condition}'`;
  return [
    ...(words.length === 0 ? [] : [`${after(`not ${seen(words)}`)} -a '${words.join(' ')}'`]),
    ...[...second].flatMap(([first, next]) =>
      next.length === 0 ? [] : [`${after(seen([first]))} -a '${next.join(' ')}'`],
    ),
    ...(peers === 'none' ? [] : [`${start} -a '(__dolt_federation_peers)'`]),
    ...flags.map((flag) => fishFlag(start, flag)),
  ];
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (special) => `\\${special}`)}'`;
}
