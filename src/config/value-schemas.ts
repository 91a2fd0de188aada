import { z } from 'zod';
import { DURATION_FORM, parseDuration } from '../contract/duration.ts';
import { errorMessage } from '../core/failure.ts';
import { shownValue } from '../core/text.ts';
import { isHost } from './endpoint/authority.ts';
import { parsePathPattern } from './endpoint/path-pattern.ts';

/** One of a closed set of values, ignoring case and surrounding blanks, as in beads. */
export function word<const T extends string>(values: readonly T[]) {
  const list = values.join(', ');
  // For the JSON Schema: editors offer the words, and every spelling that is read is accepted.
  const forms = { anyOf: [{ enum: values }, { pattern: `^\\s*(?:${values.map(anyCase).join('|')})\\s*$` }] };
  const written = z.string({ error: `must be one of ${list}` }).meta(forms);
  return written.transform((spelling, context): T => {
    const wanted = spelling.trim().toLowerCase();
    const found = values.find((value) => value.toLowerCase() === wanted);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: `${shownValue(spelling)} is not one of ${list}` });
    return z.NEVER;
  });
}

/** A pattern that matches a word in any case. */
export function anyCase(word: string): string {
  return word.replace(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
}

/** Text that is not empty. */
export const text = z
  .string({ error: 'must be text; write it in quotes' })
  // Zod 4 checks `min` of an empty list, too, which would be a second problem.
  .refine((written) => written !== '', { error: 'must not be empty' })
  .meta({ minLength: 1 });

/** True or false, as YAML has it or as text in an environment variable. */
export const flag = z
  .union([z.boolean(), z.string()], { error: 'must be true or false' })
  .transform((written, context): boolean => {
    const wanted = String(written).trim().toLowerCase();
    if (wanted === 'true' || wanted === 'false') return wanted === 'true';
    context.addIssue({ code: 'custom', message: `${shownValue(written)} is not true or false` });
    return z.NEVER;
  });

const pattern = text.superRefine((written, context) => {
  try {
    parsePathPattern(written);
  } catch (thrown) {
    context.addIssue({ code: 'custom', message: errorMessage(thrown) });
  }
});

/** Each peer is compared with the patterns. */
const MAX_PATTERNS = 10_000;

/**
 * Patterns as a list, or as one text separated by commas or blanks, as in an environment variable. A text without any would
 * allow everything, although a template or an unset variable is its probable cause. An empty list says so.
 */
export const patterns = z.preprocess(
  (written, context) => {
    if (typeof written !== 'string') return written;
    const words = written.split(/[\s,]+/).filter((one) => one !== '');
    if (words.length > 0) return words;
    context.addIssue({ code: 'custom', message: `${shownValue(written)} contains no pattern` });
    return z.NEVER;
  },
  z
    .array(pattern, { error: 'must be a list of patterns' })
    .max(MAX_PATTERNS, { error: `must have at most ${MAX_PATTERNS} patterns` }),
);

/** A duration with its unit, as milliseconds. */
export const duration = z
  .union([z.string(), z.number()], { error: `must be ${DURATION_FORM}` })
  .transform((written, context) => {
    const milliseconds = parseDuration(String(written));
    if (milliseconds !== null) return milliseconds;
    context.addIssue({ code: 'custom', message: `${shownValue(written)} is not ${DURATION_FORM}` });
    return z.NEVER;
  });

/** Letters, digits and the punctuation of branch names, at most 64, with a letter or digit at both ends. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

/** Whether a text can be the name of a database among its peers. */
export function isDatabaseName(text: string): boolean {
  return NAME.test(text) && !text.includes('..');
}

/** The name of a database among its peers. It becomes part of a branch name, `inbox/<name>-<8 digits>`. */
export const databaseName = text.refine(isDatabaseName, {
  error:
    'must start and end with a letter or digit, contain only letters, digits, ".", "_" and "-", and have at most 64 characters',
});

/** Hosts without scheme and path, each with a port if only that one is meant. */
export const hosts = z.array(
  z
    .string({ error: 'must be text; write it in quotes' })
    .refine(isHost, { error: 'must be a host such as dolt.example or dolt.example:8080' })
    .transform((written) => written.toLowerCase()),
  { error: 'must be a list of hosts' },
);
