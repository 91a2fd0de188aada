/**
 * Control and format characters (such as bidirectional overrides and tags), separators of lines and paragraphs, letters
 * without a shape (Hangul fillers), lone surrogates.
 */
export const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

/**
 * Makes any text safe to print in one line: text of a peer cannot move a terminal's cursor, start a new line, or change
 * the text direction. It is not a command of a runner either, which looks for `##[` anywhere in the output of a step
 * (actions/runner, ActionCommand.cs: TryParse).
 */
export function plain(text: string): string {
  return text.replaceAll('##[', '## [').replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Letters, digits, punctuation and single blanks, which are displayed unchanged. */
const PLAIN = /^[\p{L}\p{N}\p{P}\p{S} ]*$/u;

/** A text as an SQL literal to copy; unsafe texts are written as bytes. */
export function textLiteral(text: string): string {
  if (!PLAIN.test(text)) return `_utf8mb4 0x${Buffer.from(text).toString('hex')}`;
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** How much of a value a message repeats. */
const MAX_VALUE = 200;

/** A value of a file, an input or a row in a message, in quotes: texts can have megabytes. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value, MAX_VALUE));
  return shorten(JSON.stringify(value) ?? String(value), MAX_VALUE);
}

/** Cells of a row by column: `id=bd-1, name=NULL`. */
export function cellTexts(cells: Readonly<Record<string, string | null>>, equals = '='): string[] {
  return Object.entries(cells).map(([column, value]) => `${column}${equals}${shorten(value ?? 'NULL', MAX_VALUE)}`);
}

/** The same in one text. */
export function cellsText(cells: Readonly<Record<string, string | null>>, equals = '='): string {
  return cellTexts(cells, equals).join(', ');
}

/**
 * A text of Dolt without what is in quotes or brackets, which may be values of rows, with any quotes of their own. Without
 * an end it lasts until the end of the text.
 */
export function withoutQuoted(text: string): string {
  const from = text.search(/["`[]|(?<!n)'|'(?!t\b)/i);
  if (from < 0) return text;
  const ends = [...text.slice(from + 1).matchAll(/["`\]]|(?<!n)'|'(?!t\b)/gi)];
  const to = from + 1 + (ends.at(-1)?.index ?? text.length);
  return `${text.slice(0, from)}…${text.slice(to + 1)}`;
}

/** How many names a message shows. */
const SHOWN = 5;

/** A count with the first names: `1 tag (v1)`, `7 tags (a, b, c, d, e and 2 more)`. */
export function listed(noun: string, names: readonly string[]): string {
  const more = names.length - SHOWN;
  const shown = names.slice(0, SHOWN).join(', ');
  return `${counted(names.length, noun)} (${shown}${more > 0 ? ` and ${more} more` : ''})`;
}

/** The entry of a peer in a hint. */
const ENTRY = 'federation.peers.<peer>';

/** A hint about the entry of one peer. The primary of `federation.remote`, `origin`, has none. */
export function hintFor(peer: string | null, hint: string): string {
  return peer === null || peer === 'origin' ? hint : hint.replaceAll(ENTRY, `federation.peers.${peer}`);
}

/** A number with its noun: `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A measured time: `4.1 s`. */
export function secondsText(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size for people: `512 B`, `1.2 MB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < UNITS.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A text of at most `limit` characters; a longer one is cut and ends with an ellipsis. Never splits a character. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '');
  return `${end}…`;
}

/** UTF-8 order; JavaScript's own string order differs beyond the basic plane. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
