import type { Command, CommanderError } from 'commander';
import { Failure } from '../../core/failure.ts';
import { type Aliases, suggestion } from '../../core/suggestion.ts';

/** Commands of git, gh and rclone, by the name that they have here. */
export const COMMAND_ALIASES: Aliases = {
  ls: 'list-peers',
  list: 'list-peers',
  peers: 'list-peers',
  remote: 'list-peers',
  remotes: 'list-peers',
  add: 'add-peer',
  rm: 'remove-peer',
  remove: 'remove-peer',
  delete: 'remove-peer',
  del: 'remove-peer',
  fetch: 'pull',
  merge: 'pull',
  st: 'status',
  diff: 'plan',
  preview: 'plan',
  check: 'doctor',
  verify: 'doctor',
  mergetool: 'resolve',
  conflicts: 'resolve',
};

/** The same for the commands below `config`. */
const CONFIG_ALIASES: Aliases = {
  ls: 'list',
  show: 'list',
  edit: 'set',
  add: 'set',
  rm: 'unset',
  remove: 'unset',
  delete: 'unset',
};

/** The same for flags. */
const FLAG_ALIASES: Aliases = {
  '--strategy': '--conflict-strategy',
  '--sovereignty': '--tier',
  '-u': '--user',
  '--url': '--endpoint',
  '--password': '--credentials',
  '--token': '--credentials',
  '--secret': '--credentials',
  '--db': '--database',
  '--dir': '--database',
  '--path': '--database',
  '--force': '--force-with-lease',
  '-f': '--force-with-lease',
  '--silent': '--quiet',
  '--debug': '--verbose',
  '--colour': '--color',
  '--simulate': '--dry-run',
  '--what-if': '--dry-run',
  '--role': '--only-role',
  '--roles': '--only-role',
};

/** Flags of other programs that select peers, which are arguments here. */
const SELECTING: Aliases = {
  '--peer': 'Write the names of peers after the command, without an option.',
  '--peers': 'Write the names of peers after the command, without an option.',
  '--all': 'Without a name, all peers are used.',
};

const HELP = 'Run `dolt-federation --help`, or `dolt-federation <command> --help`.';

/**
 * The parser's refusal as a Failure `bad-usage`.
 * @param at the command that refused
 */
export function usageFailure(refusal: CommanderError, at: Command, words: readonly string[]): Failure {
  const refused = (message: string, hint: string): Failure =>
    new Failure('bad-usage', message, { hint, cause: refusal });
  const text = refusal.message.replace(/^error: /, '');
  switch (refusal.code) {
    case 'commander.help':
      return refused(
        `a command is missing after ${words.map((word) => `'${word}'`).join(' ')}`,
        `Run \`dolt-federation ${words.join(' ')} --help\` to see the commands.`,
      );
    case 'commander.unknownCommand':
      return unknownCommand(at.args[0] ?? '', at);
    case 'commander.unknownOption': {
      const [flag = ''] = (/'(.*)'/s.exec(text)?.[1] ?? '').split('=');
      const near = nearFlag(flag, at);
      const about = selecting(flag, at) ?? meant(near);
      const hint = [...about, helpOf(at), order(flag, at)].filter(Boolean).join(' ');
      return refused(`unknown option '${near === null ? withoutValue(flag) : flag}'`, hint);
    }
    default:
      return refused(text, helpOf(at));
  }
}

/** A short flag without the value after it, which may be a secret: `-pSECRET` of mysql. */
function withoutValue(flag: string): string {
  return flag.startsWith('--') ? flag : flag.slice(0, 2);
}

/** The help that describes the options and arguments of a command. */
function helpOf(at: Command): string {
  const path: string[] = [];
  for (let one: Command | null = at; one?.parent != null; one = one.parent) path.unshift(one.name());
  return path.length === 0 ? HELP : `Run \`dolt-federation ${path.join(' ')} --help\`.`;
}

/** @param topics further words that would be known in its place */
export function unknownCommand(name: string, parent: Command, topics: readonly string[] = []): Failure {
  const names = [...parent.commands.map((command) => command.name()), ...topics];
  const near = suggestion(name, names, parent.parent === null ? COMMAND_ALIASES : CONFIG_ALIASES);
  return new Failure('bad-usage', `unknown command '${name}'`, { hint: [...meant(near), helpOf(parent)].join(' ') });
}

/** The flag that was meant; below a group such as `config` also a command of it: `--list` of git. */
function nearFlag(flag: string, at: Command): string | null {
  const below = at.parent === null ? [] : at.commands.map((command) => command.name());
  return below.find((name) => flag === `--${name}`) ?? suggestion(flag, flagsOf(at), FLAG_ALIASES);
}

function selecting(flag: string, at: Command): readonly string[] | null {
  const text = SELECTING[flag];
  return text !== undefined && at.registeredArguments.some(({ variadic }) => variadic) ? [text] : null;
}

function meant(near: string | null): string[] {
  return near === null ? [] : [`Did you mean ${near}?`];
}

/** The flags that a command and the commands above it take, as its help shows them. */
function flagsOf(command: Command): string[] {
  const own = command.createHelp().visibleOptions(command);
  return [...own, ...(command.parent?.options ?? [])].flatMap(({ long }) =>
    long === undefined || long === null ? [] : [long],
  );
}

/** An option of a command before the command is the commonest reason why it is unknown. */
function order(flag: string, at: Command): string {
  const root = at.parent ?? at;
  const isOfACommand = root.commands.some((command) =>
    command.options.some(({ long, short }) => long === flag || short === flag),
  );
  return isOfACommand && at.parent === null ? 'Put the options of a command after it.' : '';
}
