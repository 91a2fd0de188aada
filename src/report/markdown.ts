import { plain } from '../core/text.ts';
import { shorten } from './figures.ts';

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
function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function encode(text: string, limit: number = MAX_CELL): string {
  return shorten(plain(text), limit).replace(/[!-+./:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

interface Table {
  readonly columns: readonly string[];
  /** Cells that are markdown already. */
  readonly rows: Iterable<readonly string[]>;
}

/** Room for the line that says how many rows were left out. */
const OMISSION_BYTES = 80;

/**
 * A table of at most `budget` bytes of UTF-8. It is cut between two rows and then says how many were left out; nothing
 * at all where not even its head fits.
 */
export function markdownTable(table: Table, budget: number): string {
  const head = row(table.columns) + row(table.columns.map(() => '---'));
  let left = budget - Buffer.byteLength(head) - OMISSION_BYTES;
  if (left < 0) return '';
  let body = '';
  let omitted = 0;
  for (const cells of table.rows) {
    const line = row(cells);
    left -= omitted === 0 ? Buffer.byteLength(line) : 0;
    if (omitted > 0 || left < 0) omitted += 1;
    else body += line;
  }
  const omission = omitted === 0 ? '' : `\n${omitted} more ${omitted === 1 ? 'row was' : 'rows were'} left out.\n`;
  return head + body + omission;
}
