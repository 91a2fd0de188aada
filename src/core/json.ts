/** The value of a JSON text; undefined if it is none. The parser's own message quotes the text, which may be secret. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
