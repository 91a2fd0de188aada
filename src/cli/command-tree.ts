import { Command, Option } from 'commander';
import { COMMANDS, type CommandEntry, type CommandName } from '../contract/commands.ts';
import { flagsOf } from './command-options.ts';
import { COMMON_FLAGS } from './common-flags.ts';
import { VERSION } from './version.ts';

const NAMES = Object.keys(COMMANDS) as CommandName[];

/** What the parser found: a command of the table, its operands, and its flags by attribute name. */
export interface ParsedCommand {
  readonly command: CommandName;
  readonly operands: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

interface TreeOptions {
  /** Told which command was named. */
  readonly onCommand: (parsed: ParsedCommand) => void;
  /** Gets help and version; errors are thrown, never written. */
  readonly onText: (text: string) => void;
}

/** The parser of the whole command line, made from the tables of commands and options. Throws CommanderError. */
export function commandTree(options: TreeOptions): Command {
  const root = new Command('dolt-federation')
    .description('Keep independent Dolt databases in step with each other, peer to peer')
    .usage('[federation] <command> [options]')
    .version(VERSION, '--version', 'Print the version')
    .helpOption('-h, --help', 'Print help; also after a command')
    .helpCommand('help [command]', 'Print help for a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: options.onText, writeErr: () => undefined })
    .exitOverride();
  for (const { flag, description, excludes } of COMMON_FLAGS) {
    const common = new Option(flag, description);
    root.addOption(excludes === undefined ? common : common.conflicts(excludes));
  }
  for (const name of NAMES) addCommand(root, name, options);
  return root;
}

/** Adds one row of the table; `config list` becomes `list` below `config`. */
function addCommand(root: Command, name: CommandName, options: TreeOptions): void {
  const entry: CommandEntry = COMMANDS[name];
  const [group, member] = name.split(' ');
  const parent = group === undefined || member === undefined ? root : groupOf(root, group);
  const command = parent.command(member ?? name).description(entry.summary.replaceAll('`', ''));
  for (const argument of entry.arguments) {
    const word = argument.variadic ? `${argument.name}...` : argument.name;
    command.argument(argument.required ? `<${word}>` : `[${word}]`, argument.description);
  }
  for (const option of entry.options.flatMap((each) => flagsOf(name, each))) command.addOption(option);
  if (name === 'config list' || name === 'config get') {
    command.option('--show-origin', 'Print where each value came from');
  }
  command.action(() => options.onCommand({ command: name, operands: command.args, flags: command.optsWithGlobals() }));
}

function groupOf(root: Command, group: string): Command {
  const existing = root.commands.find((command) => command.name() === group);
  if (existing !== undefined) return existing;
  const members = NAMES.filter((name) => name.startsWith(`${group} `)).map((name) => name.slice(group.length + 1));
  return root.command(group).description(`Read the effective configuration: ${members.join(', ')}`);
}
