import type { RawRequest } from '../../commands/command.ts';
import { commandDefault } from '../../contract/commands.ts';
import type { OptionEntry } from '../../contract/option-entry.ts';
import type { OptionValue, ReadOption } from '../../contract/option-value.ts';
import { OPTIONS, type OptionName } from '../../contract/options.ts';
import { parseOption } from '../../contract/parse-option.ts';
import type { ReportValues } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import type { ParsedCommand } from './command-tree.ts';

/**
 * Parses the options of a command line.
 * @param reportValues the default of what may be shown, which depends on the audience
 * @throws Failure `bad-usage` if a value does not fit its option
 */
export function rawRequestOfFlags({ command, operands, flags }: ParsedCommand, reportValues: ReportValues): RawRequest {
  const read: ReadOption = (name) => optionValue(name, flags[attribute(name)] ?? commandDefault(command, name));
  const file = read('credentials');
  return {
    read,
    written: (name) => textOf(wordsOf(flags[attribute(name)])),
    operands,
    credentials: file === undefined ? undefined : { file },
    reportValues,
    untrusted: false,
    visibility: 'unknown',
    gitBranch: null,
    releaseTag: null,
    allowNoPeers: true,
  };
}

/** `dry-run` as the parser stores it: `dryRun`. */
export function attribute(name: OptionName): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * One option's value: text, true or false for a flag, undefined if it is absent.
 * @throws Failure `bad-usage` with the flag and its allowed values
 */
export function optionValue<N extends OptionName>(name: N, written: unknown): OptionValue<N> {
  const text = writtenText(name, written);
  const parsed = parseOption(name, text);
  if (parsed.ok) return parsed.value;
  throw new Failure('bad-usage', `--${name} is '${text}', but must be ${parsed.allowed}`, {
    hint: `Write for example --${name} ${parsed.example}.`,
  });
}

function writtenText(name: OptionName, written: unknown): string | undefined {
  if (typeof written === 'boolean') return String(written);
  return textOf(wordsOf(written).map((word) => refuseStray(name, word)));
}

/** The words of a value: of a list, those of each time that the option was given. */
function wordsOf(written: unknown): readonly string[] {
  const words: readonly unknown[] = Array.isArray(written) ? written : [written];
  return words.filter((word) => typeof word === 'string');
}

function textOf(words: readonly string[]): string | undefined {
  return words.length === 0 ? undefined : words.join(',');
}

/** No valid value starts with `-` or is empty: the value was forgotten, or a variable is empty. */
function refuseStray(name: OptionName, text: string): string {
  if (text.trim() !== '' && !text.startsWith('-')) return text;
  const { secret }: OptionEntry = OPTIONS[name];
  const shown = secret === true && text !== '' ? 'something else' : `'${text}'`;
  throw new Failure('bad-usage', `--${name} needs a value, but ${shown} follows it`, {
    hint: `Write a value after --${name}, or remove the flag.`,
  });
}
