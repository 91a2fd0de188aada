import { plain } from '../core/plain.ts';
import { shorten } from './shorten.ts';

const MAX_CELL = 1_000;
/** Keeps `@name` and `#12` from becoming a mention or a link to an issue; shows nothing. */
const WORD_JOINER = '&#8288;';

/**
 * Any text as literal text of GitHub's markdown, on one line. Numeric references cannot stand in for markup (CommonMark
 * 0.31 §2.5), so all punctuation but `,` and `-` is written as one: no cell, tag, link or emphasis can begin or end in it.
 */
export function literal(text: string): string {
  return encode(text).replace(/&#(?:64|35);/g, (reference) => reference + WORD_JOINER);
}

/** Any text as inline code of GitHub's markdown; empty text stays empty, and text beyond `limit` characters is cut. */
export function code(text: string, limit: number = MAX_CELL): string {
  return text === '' ? '' : `<code>${encode(text, limit)}</code>`;
}

/** One row of a table, from cells that are markdown already. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function encode(text: string, limit: number = MAX_CELL): string {
  return shorten(plain(text), limit).replace(/[!-+./:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}
