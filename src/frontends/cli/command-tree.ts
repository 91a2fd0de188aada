import { Command, Option } from 'commander';
import {
  COMMAND_NAMES,
  COMMANDS,
  type CommandEntry,
  type CommandName,
  commandDefault,
} from '../../contract/commands.ts';
import type { OptionEntry } from '../../contract/option-entry.ts';
import { OPTIONS, type OptionName } from '../../contract/options.ts';
import { defaultText } from '../../contract/parse-option.ts';
import { COMMON_FLAGS } from './common-flags.ts';
import { VERSION } from './version.ts';

/** The parsed command line: a command of the table, its operands, and its flags by attribute name. */
export interface ParsedCommand {
  readonly command: CommandName;
  readonly operands: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

interface TreeOptions {
  /** Receives the parsed command. */
  readonly onCommand: (parsed: ParsedCommand) => void;
  /** Receives help and version; errors are thrown, never written. */
  readonly onText: (text: string) => void;
}

/** The parser of the whole command line, built from the tables of commands and options. Throws CommanderError. */
export function commandTree(options: TreeOptions): Command {
  const root = new Command('dolt-federation')
    .description('Keep independent Dolt databases in sync, peer to peer')
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
  for (const name of COMMAND_NAMES) addCommand(root, name, options);
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
  if (entry.showOrigin === true) command.option('--show-origin', 'Print where each value came from');
  command.action(() => options.onCommand({ command: name, operands: command.args, flags: command.optsWithGlobals() }));
}

function groupOf(root: Command, group: string): Command {
  const existing = root.commands.find((command) => command.name() === group);
  if (existing !== undefined) return existing;
  const members = COMMAND_NAMES.filter((name) => name.startsWith(`${group} `)).map((name) =>
    name.slice(group.length + 1),
  );
  return root.command(group).description(`Read or change the configuration: ${members.join(', ')}`);
}

/** The flags of one option of the table: one, or two for a flag that is on by default; help shows its negation. */
function flagsOf(command: CommandName, name: OptionName): readonly Option[] {
  const entry: OptionEntry = OPTIONS[name];
  const description = helpText(command, name);
  if (entry.type !== 'flag') return [new Option(`--${name} <${entry.value ?? valueName(entry)}>`, description)];
  if (entry.default !== 'true') return [new Option(`--${name}`, description)];
  return [new Option(`--${name}`).hideHelp(), new Option(`--no-${name}`, `Not: ${lowerFirst(description)}`)];
}

function helpText(command: CommandName, name: OptionName): string {
  const entry: OptionEntry = OPTIONS[name];
  const value = entry.type === 'flag' ? undefined : (commandDefault(command, name) ?? defaultText(name));
  const notes = [
    ...(entry.choices === undefined ? [] : [entry.choices.join(', ')]),
    ...(value === undefined ? [] : [`default: ${value}`]),
  ];
  const description = entry.description.replaceAll('`', '');
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}

function valueName(entry: OptionEntry): string {
  return entry.type === 'count' ? 'n' : 'value';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
