import { getInput } from '@actions/core';
import { DURATION_FORM, parseDuration } from '../../contract/duration.ts';
import type { OptionEntry } from '../../contract/option-entry.ts';
import type { OptionValue } from '../../contract/option-value.ts';
import { OPTIONS, type OptionName } from '../../contract/options.ts';
import { forgetEnv } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import type { Secrets } from '../../core/secrets.ts';

/** An input of the Action: every option with that face, and the command. */
export type InputName = OptionName | 'command';

/** What was written for each input, blanks around it removed; the empty text where nothing was. */
export type WrittenInputs = (name: InputName) => string;

const NAMES: readonly InputName[] = ['command', ...optionNames((entry) => entry.frontends.includes('action'))];
const SECRETS: readonly OptionName[] = optionNames((entry) => entry.secret === true);

/**
 * The only reader of the inputs. Reads them all once, adds the secret ones to `secrets`, and removes those from the
 * environment, where every child would find them.
 */
export function takeInputs(secrets: Secrets): WrittenInputs {
  const written = new Map(NAMES.map((name) => [name, getInput(name)]));
  for (const name of SECRETS) {
    for (const secret of maskable(written.get(name) ?? '')) secrets.add(secret);
  }
  forgetSecretInputs();
  return (name) => written.get(name) ?? '';
}

/** A secret, and each of its lines that is long enough not to hide half of the log. */
function maskable(secret: string): Set<string> {
  return new Set([secret, ...secret.split('\n').filter((line) => line.length >= 8)].filter((text) => text !== ''));
}

/** Removes the secret inputs from the environment; for the step's second half, which needs none of them. */
export function forgetSecretInputs(): void {
  forgetEnv(SECRETS.map((name) => `INPUT_${name.toUpperCase()}`));
}

function optionNames(wanted: (entry: OptionEntry) => boolean): OptionName[] {
  return (Object.keys(OPTIONS) as OptionName[]).filter((name) => wanted(OPTIONS[name]));
}

/** A whole number as people write it: no sign, no leading zero, no exponent. */
const COUNT = /^(?:0|[1-9]\d{0,8})$/;
const TRUE = ['true', 'True', 'TRUE'];
const FALSE = ['false', 'False', 'FALSE'];

/**
 * One input's value; an empty one counts as unset and gives the table's default.
 * @throws Failure `bad-usage` that names the input and what it allows
 */
export function inputValue<N extends OptionName>(name: N, written: string): OptionValue<N>;
export function inputValue(name: OptionName, written: string): string | number | boolean | undefined {
  const entry: OptionEntry = OPTIONS[name];
  const text = written === '' ? ownDefault(entry) : written;
  if (text === undefined) return undefined;
  switch (entry.type) {
    case 'text':
      return text;
    case 'flag':
      return flag(name, text);
    case 'count':
      return count(name, text, entry);
    case 'choice':
      return inputChoice(name, text, entry.choices ?? []);
    case 'duration':
      return duration(name, text);
  }
}

/** A secret's default is an expression that only the runner can evaluate. */
function ownDefault(entry: OptionEntry): string | undefined {
  return entry.default === 'config' || entry.secret === true ? undefined : entry.default;
}

/** A boolean of YAML 1.2's core schema. */
function flag(name: string, text: string): boolean {
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw refusal(name, { text, allowed: 'true or false' });
}

function count(name: string, text: string, { min = 0, max = Number.POSITIVE_INFINITY }: OptionEntry): number {
  if (COUNT.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`;
  throw refusal(name, { text, allowed: `a whole number ${range}` });
}

function duration(name: string, text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null) return milliseconds;
  throw refusal(name, { text, allowed: DURATION_FORM });
}

/**
 * The one of `choices` that the text names, in any case.
 * @throws Failure `bad-usage`
 */
export function inputChoice<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw refusal(name, { text, allowed: `one of ${choices.join(', ')}` });
}

/** The refusal of an input; `text` is quoted, so that a blank or an odd character can be seen. */
export function refusal(name: string, refused: { readonly text: string; readonly allowed: string }): Failure {
  return new Failure(
    'bad-usage',
    `the input ${name} is ${JSON.stringify(refused.text)}, but must be ${refused.allowed}`,
    {
      hint: `Correct \`${name}\` under \`with:\` of this step, or leave it out.`,
    },
  );
}
