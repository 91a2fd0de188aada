import { COMMANDS, type CommandEntry, type CommandName } from '../../contract/commands.ts';
import type { OptionName } from '../../contract/options.ts';
import { shellWord } from '../../core/text.ts';
import type { ParsedCommand } from './command-tree.ts';
import { attribute } from './raw-request.ts';

/** Options that say where things are; another command about the same database needs them as well. They follow it. */
const PLACES: readonly OptionName[] = [
  ...(['config', 'database', 'credentials', 'sync-mode', 'remote', 'dolthub-host', 'allow-insecure'] as const),
  ...(['dolt-version', 'dolt-source', 'dolt-path', 'dolt-sha256', 'dolt-mirror'] as const),
];

/** A command of ours in a text: in backquotes, or at the end of a line after a colon. */
const PRINTED = /(?<=`|: )dolt-federation ([a-z]+(?:-[a-z]+)*(?: [a-z]+)?)([^`\n]*)/g;

/**
 * Completes the commands that a text advises, so that they run as printed where the text is read: with the folder to
 * start in, and the options that the user gave and that the other command takes.
 */
export function completeCommands(text: string, { flags }: ParsedCommand): string {
  const folder = flags['workingDirectory'];
  const start = typeof folder === 'string' ? `dolt-federation -C ${shellWord(folder)}` : 'dolt-federation';
  return text.replace(PRINTED, (whole, words: string, rest: string) => {
    const name = commandOf(words);
    if (name === null) return whole;
    const { options }: CommandEntry = COMMANDS[name];
    const given = PLACES.filter((option) => options.includes(option) && !rest.includes(`--${option}`));
    const added = given.flatMap((option) => written(option, flags[attribute(option)]));
    const operands = words.slice(name.length);
    const program = PLACES.some((option) => options.includes(option)) ? start : 'dolt-federation';
    return [`${program} ${name}`, ...added].join(' ') + operands + rest;
  });
}

/** The command that the first words name: `config list`, or `resolve` in `resolve now`. */
function commandOf(words: string): CommandName | null {
  const [first = ''] = words.split(' ');
  return [words, first].find(isCommand) ?? null;
}

function isCommand(text: string): text is CommandName {
  return Object.hasOwn(COMMANDS, text);
}

function written(option: OptionName, value: unknown): string[] {
  if (value === true) return [`--${option}`];
  return typeof value === 'string' ? [`--${option} ${shellWord(value)}`] : [];
}
