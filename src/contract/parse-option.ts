import { durationForm, parseDuration } from './duration.ts';
import type { OptionEntry } from './option-entry.ts';
import type { OptionValue } from './option-value.ts';
import { OPTIONS, type OptionName } from './options.ts';

/** A value, or what the option allows instead and one example of it. */
type ParsedOption<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly allowed: string; readonly example: string };

/** The booleans of YAML 1.2's core schema. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['false', 'False', 'FALSE'].map((text) => [text, false] as const),
]);

/** A whole number as people write it: no sign, no leading zero, no exponent. */
const COUNT = /^(?:0|[1-9]\d{0,8})$/;

/**
 * The default of an option as text. `config` leaves it to file and environment, and a secret's default is an expression
 * that only the runner can evaluate: neither has one here.
 */
export function defaultText(name: OptionName): string | undefined {
  const entry: OptionEntry = OPTIONS[name];
  return entry.default === 'config' || entry.secret === true ? undefined : entry.default;
}

/**
 * Reads the value of one option, for both frontends. Blanks around a value do not count, except in a text.
 * @param written undefined if it was not given; then the table's default applies
 */
export function parseOption<N extends OptionName>(name: N, written: string | undefined): ParsedOption<OptionValue<N>>;
export function parseOption(
  name: OptionName,
  written: string | undefined,
): ParsedOption<string | number | boolean | undefined> {
  const entry: OptionEntry = OPTIONS[name];
  const text = written ?? defaultText(name);
  if (text === undefined) return { ok: true, value: undefined };
  switch (entry.type) {
    case 'text':
      return { ok: true, value: text };
    case 'flag':
      return found(BOOLEANS.get(text.trim()), { allowed: 'true or false', example: defaultText(name) ?? 'true' });
    case 'count':
      return parseCount(text.trim(), entry);
    case 'choice':
      return parseChoice(text, entry.choices ?? []);
    case 'duration':
      return found(parseDuration(text, entry.max) ?? undefined, {
        allowed: durationForm(entry.max),
        example: defaultText(name) ?? '10m',
      });
  }
}

/** The one of `choices` that a text names, in any case. */
export function parseChoice<T extends string>(text: string, choices: readonly T[]): ParsedOption<T> {
  const wanted = text.trim().toLowerCase();
  const choice = choices.find((candidate) => candidate.toLowerCase() === wanted);
  return found(choice, { allowed: `one of ${choices.join(', ')}`, example: choices[0] ?? '' });
}

function parseCount(text: string, entry: OptionEntry): ParsedOption<number> {
  const { min = 0, max } = entry;
  const value = Number(text);
  const fits = COUNT.test(text) && value >= min && value <= (max ?? value);
  const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  const form = /^0\d+$/.test(text)
    ? ', written without leading zeros'
    : max === undefined && /^\d{10,}$/.test(text)
      ? ' with at most nine digits'
      : '';
  return found(fits ? value : undefined, {
    allowed: `a whole number ${range}${form}`,
    example: entry.default ?? String(min),
  });
}

function found<T>(
  value: T | undefined,
  refusal: { readonly allowed: string; readonly example: string },
): ParsedOption<T> {
  return value === undefined ? { ok: false, ...refusal } : { ok: true, value };
}
