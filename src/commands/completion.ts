import { SETTING_NAMES, SETTINGS, settingWords } from '../config/settings.ts';
import { COMMAND_NAMES, COMMANDS, type CommandEntry, type CommandName, TOPIC_PAGES } from '../contract/commands.ts';
import { COMMON_FLAGS } from '../contract/common-flags.ts';
import type { OptionEntry } from '../contract/option-entry.ts';
import { OPTIONS, type OptionName } from '../contract/options.ts';
import { parseChoice } from '../contract/parse-option.ts';
import { SHELLS } from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';
import { type CompletedCommand, type CompletedFlag, completionScript } from '../report/commands/completion.ts';
import { defineCommand } from './command.ts';

export interface CompletionRequest {
  readonly shell: string;
  /** No Dolt is needed. */
  readonly dolt?: never;
}

/**
 * The completions of a shell, from the tables of commands and options. The scripts start us only for names of peers.
 */
export const completionCommand = defineCommand({
  parse: ({ operands: [shell = ''] }): CompletionRequest => ({ shell }),
  run: async ({ shell: written }) => {
    const shell = parseChoice(written, SHELLS);
    if (shell.ok) return { shell: shell.value, script: completionScript(shell.value, completedCommands()) };
    throw new Failure('bad-usage', `there is no completion for '${written}'; the shell must be ${shell.allowed}`, {
      hint: 'Write for example `dolt-federation completion bash`.',
    });
  },
  render: (result) => ({ json: result, text: () => result.script }),
});

/** A group such as `config` is a command whose first argument is one of its members. */
function completedCommands(): readonly CompletedCommand[] {
  const single = COMMAND_NAMES.map((name) => completedCommand(name, COMMANDS[name]));
  const groups = [...new Set(COMMAND_NAMES.flatMap((name) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : [])))];
  const plain = { flags: COMMON, words: [], peers: 'none' } as const;
  const members = new Map(groups.map((group) => [group, membersOf(group)]));
  const first = COMMAND_NAMES.map((name) => name.split(' ')[0] ?? '');
  const help = {
    ...plain,
    path: ['help'],
    summary: 'Print help for a command or a topic',
    words: [...new Set([...first, ...Object.keys(TOPIC_PAGES)])],
    second: members,
  };
  const summary = 'Read or change the configuration';
  return [...single, help, ...groups.map((name) => ({ ...plain, path: [name], summary, second: new Map() }))];
}

function membersOf(group: string): readonly string[] {
  return COMMAND_NAMES.flatMap((name) => (name.startsWith(`${group} `) ? [name.slice(group.length + 1)] : []));
}

function completedCommand(name: CommandName, entry: CommandEntry): CompletedCommand {
  const argument = entry.arguments[0];
  const keys = SETTING_NAMES.map((setting) => [SETTINGS[setting].key, settingWords(setting)] as const);
  return {
    path: name.split(' '),
    summary: entry.summary.replaceAll('`', ''),
    flags: [...entry.options.map(completedFlag), ...(entry.showOrigin === true ? [SHOW_ORIGIN] : []), ...COMMON],
    words: argument?.name === 'shell' ? SHELLS : argument?.name === 'key' ? keys.map(([key]) => key) : [],
    second: name === 'config set' ? new Map(keys) : new Map(),
    peers: argument?.name === 'peer' ? 'many' : argument?.name === 'name' && name !== 'add-peer' ? 'one' : 'none',
  };
}

/** The kind of a value, by its placeholder. */
const NAMED: Readonly<Record<string, CompletedFlag['names']>> = {
  file: 'files',
  folder: 'folders',
  peer: 'peers',
  'peer=hash': 'heads',
};

/** A flag that is on by default is offered as its negation. */
function completedFlag(name: OptionName): CompletedFlag {
  const entry: OptionEntry = OPTIONS[name];
  const { type, default: value, short, choices = [], listOf = [], description, value: placeholder } = entry;
  const isOn = type === 'flag' && value === 'true';
  return {
    name: isOn ? `no-${name}` : name,
    short: short ?? null,
    takesValue: type !== 'flag',
    choices,
    listOf,
    names: placeholder === undefined ? null : (NAMED[placeholder] ?? null),
    description: description.replaceAll('`', ''),
  };
}

function plainFlag(name: string, short: string | null, description: string): CompletedFlag {
  return { name, short, takesValue: false, choices: [], listOf: [], names: null, description };
}

const SHOW_ORIGIN = plainFlag('show-origin', null, 'Print where each value came from');

const COMMON: readonly CompletedFlag[] = [
  ...COMMON_FLAGS.map(({ name, short, value, choices = [], description }) => ({
    name,
    short: short ?? null,
    takesValue: value !== undefined,
    choices,
    listOf: [],
    names: value === undefined ? null : (NAMED[value] ?? null),
    description,
  })),
  plainFlag('help', 'h', 'Print help'),
  plainFlag('version', 'V', 'Print the versions'),
];
