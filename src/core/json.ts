import { UNSAFE } from './text.ts';

/**
 * A value as indented JSON for a terminal, or for an output that a runner may read. Characters that steer a terminal or
 * change the text direction are written as their codes, and so is one of `##[`, which a runner parses as a command.
 */
export function printedJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replaceAll('##[', '#\\u0023[');
  return `${text.replace(UNSAFE, (character) => (character === '\n' ? character : codesOf(character)))}\n`;
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
