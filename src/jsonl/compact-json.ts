import { parsedJson } from '../core/json.ts';

/** Go's decoder refuses deeper values, and the value is inside of the object of its line. */
const MAX_DEPTH = 9_999;

/** A number of JSON, or what looks like one. */
const NUMBER = /[-0-9][-+.0-9Ee]*/y;

/**
 * JSON without blanks outside of its texts; numbers and escapes stay as they are written. The time and the memory are
 * linear in the text, which a peer can choose.
 * @returns null if bd would not read it
 */
export function compactJson(json: string): string | null {
  const parts: string[] = [];
  let [start, depth, isText] = [0, 0, false];
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') isText = !isText;
    else if (isText) at += character === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '-' || (character !== undefined && character >= '0' && character <= '9')) {
      NUMBER.lastIndex = at;
      // Dolt does not store a number that is no double.
      if (!Number.isFinite(Number(NUMBER.exec(json)?.[0]))) return null;
      at = NUMBER.lastIndex - 1;
    } else if (character === ' ' || character === '\n' || character === '\r' || character === '\t') {
      if (at > start) parts.push(json.slice(start, at));
      start = at + 1;
    }
    if (depth > MAX_DEPTH) return null;
  }
  return parsedJson(json) === undefined ? null : parts.concat(json.slice(start)).join('');
}
