import { COMMAND_NAMES, COMMANDS, type CommandEntry } from '../contract/commands.ts';
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

/** The completions of a shell, from the tables of commands and options. The scripts start us only for names of peers. */
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
  const help = {
    path: ['help'],
    summary: 'Print help for a command or a topic',
    flags: COMMON,
    words: [],
    peers: false,
  };
  return [...single, help, ...groups.map((name) => ({ ...help, path: [name], summary: 'Read the configuration' }))];
}

function completedCommand(name: string, entry: CommandEntry): CompletedCommand {
  const argument = entry.arguments[0]?.name;
  return {
    path: name.split(' '),
    summary: entry.summary.replaceAll('`', ''),
    flags: [...entry.options.map(completedFlag), ...(entry.showOrigin === true ? [SHOW_ORIGIN] : []), ...COMMON],
    words: argument === 'shell' ? SHELLS : [],
    peers: argument === 'peer' || (argument === 'name' && name !== 'add-peer'),
  };
}

/** A flag that is on by default is offered as its negation. */
function completedFlag(name: OptionName): CompletedFlag {
  const { type, default: value, short, choices = [], description, value: placeholder }: OptionEntry = OPTIONS[name];
  const isOn = type === 'flag' && value === 'true';
  return {
    name: isOn ? `no-${name}` : name,
    short: short ?? null,
    takesValue: type !== 'flag',
    choices,
    files: placeholder === 'file' ? 'files' : placeholder === 'folder' ? 'folders' : null,
    description: description.replaceAll('`', ''),
  };
}

function plainFlag(name: string, short: string | null, description: string): CompletedFlag {
  return { name, short, takesValue: false, choices: [], files: null, description };
}

const SHOW_ORIGIN = plainFlag('show-origin', null, 'Print where each value came from');

const COMMON: readonly CompletedFlag[] = [
  ...COMMON_FLAGS.map(({ name, short, value, choices = [], description }) => ({
    name,
    short: short ?? null,
    takesValue: value !== undefined,
    choices,
    files: value === 'folder' ? ('folders' as const) : null,
    description,
  })),
  plainFlag('help', 'h', 'Print help'),
  plainFlag('version', 'V', 'Print the versions'),
];
