import { DURATION_FORM, parseDuration } from '../../contract/duration.ts';
import type { OptionEntry } from '../../contract/option-entry.ts';
import type { OptionValue } from '../../contract/option-value.ts';
import { OPTIONS, type OptionName } from '../../contract/options.ts';
import { Failure } from '../../core/failure.ts';

type Parsed = string | number | boolean | undefined;

const COUNT = /^\d{1,9}$/;

/** The default that holds when the flag is absent; `config` in the table means that file and environment decide. */
export function defaultText(name: OptionName): string | undefined {
  const entry: OptionEntry = OPTIONS[name];
  return entry.default === 'config' ? undefined : entry.default;
}

/**
 * One option's value from what was written: text, true or false for a flag, undefined where it is absent.
 * @throws Failure `bad-usage` where the value does not fit the option's type.
 */
export function optionValue<N extends OptionName>(name: N, written: unknown): OptionValue<N>;
export function optionValue(name: OptionName, written: unknown): Parsed {
  if (typeof written === 'boolean') return written;
  const text = typeof written === 'string' ? refuseStray(name, written) : defaultText(name);
  return text === undefined ? undefined : parse(name, text);
}

function parse(name: OptionName, text: string): Parsed {
  const entry: OptionEntry = OPTIONS[name];
  switch (entry.type) {
    case 'text':
      return text;
    case 'flag':
      return text === 'true';
    case 'count':
      return parseCount(name, text);
    case 'choice':
      return parseChoice(name, text);
    case 'duration':
      return parseDurationOf(name, text);
  }
}

/** No value of ours begins with `-` and none is empty: either is a value that was forgotten, or an empty variable. */
function refuseStray(name: OptionName, text: string): string {
  if (text.trim() !== '' && !text.startsWith('-')) return text;
  throw new Failure('bad-usage', `--${name} needs a value, but '${text}' follows it`, {
    hint: `Write a value after --${name}, or leave the flag out.`,
  });
}

function parseCount(name: OptionName, text: string): number {
  const { min = 0, max = Number.POSITIVE_INFINITY }: OptionEntry = OPTIONS[name];
  if (COUNT.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new Failure('bad-usage', `--${name} is '${text}', which is not a whole number ${range}`, {
    hint: `Write for example --${name} ${defaultText(name) ?? min}.`,
  });
}

function parseChoice(name: OptionName, text: string): string {
  const { choices = [] }: OptionEntry = OPTIONS[name];
  const wanted = text.trim().toLowerCase();
  const choice = choices.find((candidate) => candidate.toLowerCase() === wanted);
  if (choice !== undefined) return choice;
  throw new Failure('bad-usage', `--${name} is '${text}', which is none of ${choices.join(', ')}`, {
    hint: `Use one of ${choices.join(', ')}.`,
  });
}

function parseDurationOf(name: OptionName, text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null) return milliseconds;
  throw new Failure('bad-usage', `--${name} is '${text}', which is not ${DURATION_FORM}`, {
    hint: `Write for example --${name} ${defaultText(name) ?? '10m'}.`,
  });
}
