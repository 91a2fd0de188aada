import { Command, type CommanderError, Option } from 'commander';
import {
  COMMAND_NAMES,
  COMMANDS,
  type CommandEntry,
  type CommandName,
  commandDefault,
} from '../../contract/commands.ts';
import { COMMON_FLAGS } from '../../contract/common-flags.ts';
import { isList, type OptionEntry } from '../../contract/option-entry.ts';
import { OPTIONS, type OptionName } from '../../contract/options.ts';
import { defaultText } from '../../contract/parse-option.ts';
import { Failure } from '../../core/failure.ts';
import { TOPIC_NAMES } from './help.ts';

/** The parsed command line: a command of the table, its operands, and its flags by attribute name; of a list, all words. */
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

/**
 * The parser of the whole command line, built from the tables of commands and options. Throws CommanderError, and Failure
 * `bad-usage` for an option with two different values.
 */
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
  for (const { name, short, value, choices, negation, description, excludes } of COMMON_FLAGS) {
    const flag = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`;
    const common = new Option(flag, description);
    if (choices !== undefined) common.choices(choices);
    if (negation !== undefined) common.preset(negation);
    addOption(root, excludes === undefined ? common : common.conflicts(excludes));
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
  for (const option of entry.options.flatMap((each) => flagsOf(name, each))) addOption(command, option);
  if (entry.showOrigin === true) command.option('--show-origin', 'Print where each value came from');
  command.action(() => options.onCommand({ command: name, operands: command.args, flags: command.optsWithGlobals() }));
}

/**
 * Adds an option. The lists of an option that is given again are united. Any other option has one value, and commander
 * would use the last one without a word.
 */
function addOption(command: Command, option: Option): void {
  const attribute = option.attributeName();
  command.on(`option:${option.name()}`, (word?: string) => {
    const before: unknown = command.getOptionValue(attribute);
    const isFirst = command.getOptionValueSource(attribute) !== 'cli';
    if (isFirst || option.parseArg === united || before === (word ?? option.presetArg ?? !option.negate)) return;
    // Another option with the same attribute is its negation.
    const name = option.name().replace(/^no-/, '');
    throw new Failure('bad-usage', `--${name} is set twice with different values`, { hint: 'Keep one of them.' });
  });
  command.addOption(option);
}

/** @param before the words of the option so far; undefined: none */
function united(word: string, before: unknown): unknown {
  return [...(Array.isArray(before) ? before : []), word];
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
  if (entry.type !== 'flag') {
    const option = new Option(`${short}--${name} <${entry.value ?? valueName(entry)}>`, description);
    return [isList(entry) ? option.argParser(united) : option];
  }
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
