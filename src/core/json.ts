/**
 * A value as indented JSON for an output that a runner may read: in `##[`, which it parses as a command, a character is
 * written as its code.
 */
export function printedJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll('##[', '#\\u0023[')}\n`;
}

/** The value of a JSON text; undefined if it is none. The parser's own message quotes the text, which may be secret. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
