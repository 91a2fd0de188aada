import type { Budget } from './budget.ts';
import { UNSAFE } from './text.ts';

/** A value as indented JSON for a terminal, or for an output that a runner may read. */
export function printedJson(value: unknown): string {
  return `${escapedJson(JSON.stringify(value, null, 2))}\n`;
}

/**
 * The same JSON with codes for characters that steer a terminal or change the text direction, and for one of `##[`,
 * which a runner parses as a command.
 */
export function escapedJson(json: string): string {
  const escaped = json.replaceAll('##[', '#\\u0023[');
  return escaped.replace(UNSAFE, (character) => (character === '\n' ? character : codesOf(character)));
}

/** The bytes of a JSON text once it is escaped. */
export function jsonBytes(json: string): number {
  return Buffer.byteLength(escapedJson(json));
}

/** One escape for each UTF-16 unit. */
function codesOf(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/** The value of a JSON text; undefined if it is none. The parser's own message quotes the text, which may be secret. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An answer of GitHub has a few thousand values; a hundred issues with a hundred labels each have 100,000. */
const MAX_VALUES = 250_000;

/** About the memory of an empty list or object. */
const VALUE_BYTES = 64;

/**
 * The value of a JSON text from a server. Its size alone limits no memory: a list of 16 MiB can hold eight million
 * values, and zod collects an issue for each that it does not expect.
 * @param held of all values that are held together, such as the pages of a list
 * @throws an Error if it is not JSON, or has too many values; Failure `too-large` if all together are too large
 */
export function limitedJson(text: string, held?: Budget): unknown {
  const count = countValues(text, MAX_VALUES);
  if (count > MAX_VALUES) throw new Error(`the answer has more than ${MAX_VALUES} values`);
  held?.take(text.length + count * VALUE_BYTES);
  const value = parsedJson(text);
  if (value === undefined) throw new Error('the answer is not JSON');
  return value;
}

/**
 * Counts the separators and the beginnings of lists and objects, until there are more than `most`; a comma in a text is
 * none.
 */
function countValues(text: string, most: number): number {
  let count = 0;
  let isInText = false;
  for (let at = 0; at < text.length && count <= most; at += 1) {
    const sign = text[at];
    if (sign === '\\') at += 1;
    else if (sign === '"') isInText = !isInText;
    else if (!isInText && (sign === ',' || sign === '[' || sign === '{')) count += 1;
  }
  return count;
}
