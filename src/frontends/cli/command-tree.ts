import { Command, type CommanderError, Option } from 'commander';
import {
  COMMAND_NAMES,
  COMMANDS,
  type CommandEntry,
  type CommandName,
  commandDefault,
} from '../../contract/commands.ts';
import { COMMON_FLAGS } from '../../contract/common-flags.ts';
import type { OptionEntry } from '../../contract/option-entry.ts';
import { OPTIONS, type OptionName } from '../../contract/options.ts';
import { defaultText } from '../../contract/parse-option.ts';
import { TOPIC_NAMES } from './help.ts';

/** The parsed command line: a command of the table, its operands, and its flags by attribute name. */
export interface ParsedCommand {
  readonly command: CommandName;
  readonly operands: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

interface TreeOptions {
  /** Receives the parsed command. */
  readonly onCommand: (parsed: ParsedCommand) => void;
  /** Receives the words after `help`. */
  readonly onHelp: (topic: readonly string[]) => void;
  /** Receives the text of `--help`; errors are thrown, never written. */
  readonly onText: (text: string) => void;
}

interface Tree {
  readonly root: Command;
  /** The command that threw. */
  readonly failedAt: () => Command;
}

/** The parser of the whole command line, built from the tables of commands and options. Throws CommanderError. */
export function commandTree(options: TreeOptions): Tree {
  const root = new Command('dolt-federation');
  let failedAt = root;
  root
    .description('Keep independent Dolt databases in sync, peer to peer')
    .usage('[federation] <command> [options]')
    .helpOption('-h, --help', 'Print help; also after a command')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: options.onText, writeErr: () => undefined })
    .showSuggestionAfterError(false);
  for (const { name, short, value, choices, description, excludes } of COMMON_FLAGS) {
    const flag = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`;
    const common = new Option(flag, description);
    if (choices !== undefined) common.choices(choices);
    root.addOption(excludes === undefined ? common : common.conflicts(excludes));
  }
  root.option('-V, --version', 'Print the versions of dolt-federation, Node and Dolt');
  for (const name of COMMAND_NAMES) addCommand(root, name, options);
  root
    .command('help')
    .description(`Print help for a command or a topic: ${TOPIC_NAMES.join(', ')}`)
    .argument('[words...]', 'a command, such as config get, or a topic')
    .action((words: readonly string[]) => options.onHelp(words));
  for (const command of [root, ...root.commands.flatMap((each) => [each, ...each.commands])]) {
    command.exitOverride((refusal: CommanderError) => {
      failedAt = command;
      throw refusal;
    });
  }
  return { root, failedAt: () => failedAt };
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
  const short = entry.short === undefined ? '' : `-${entry.short}, `;
  if (entry.type !== 'flag') return [new Option(`${short}--${name} <${entry.value ?? valueName(entry)}>`, description)];
  if (entry.default !== 'true') return [new Option(`${short}--${name}`, description)];
  return [new Option(`--${name}`).hideHelp(), new Option(`--no-${name}`, `Not: ${lowerFirst(description)}`)];
}

function helpText(command: CommandName, name: OptionName): string {
  const entry: OptionEntry = OPTIONS[name];
  const value = entry.type === 'flag' ? undefined : (commandDefault(command, name) ?? defaultText(name));
  const notes = [
    ...[entry.choices ?? entry.listOf ?? []].flatMap((words) => (words.length === 0 ? [] : [words.join(', ')])),
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
