import { Option } from 'commander';
import type { CommandName } from '../contract/commands.ts';
import type { OptionEntry } from '../contract/option-entry.ts';
import { OPTIONS, type OptionName } from '../contract/options.ts';
import { defaultText } from './option-value.ts';

/** The demo is for a first look, so it takes any Dolt that can be had. */
const DEMO_DOLT_SOURCE = 'auto';

/** The text that stands in for an absent flag of this command; undefined: the table's default holds. */
export function commandDefault(command: CommandName, name: OptionName): string | undefined {
  return command === 'demo' && name === 'dolt-source' ? DEMO_DOLT_SOURCE : undefined;
}

/** The flags of one option of the table: one, or two for a flag that is on by default, of which help shows the negation. */
export function flagsOf(command: CommandName, name: OptionName): readonly Option[] {
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
